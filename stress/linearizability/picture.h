// picture.h - a history as text: a column for each lane, time downwards.
//
//   lane 0          lane 1
//   Push(1)                           a call begins
//   |               Pop()
//   #1              |                 it returned nothing; it is the first of the longest sequence
//                   = 1 #2            it returned 1; it is the second
//   Pop()
//   = 1 ?                             it fits nowhere behind these
//                   Pop()
//                   ...               it never returned
//
//   the longest sequence that fits: #1 Push(1), #2 Pop() = 1; the object then holds: nothing
#ifndef ASHLAR_STRESS_LINEARIZABILITY_PICTURE_H_
#define ASHLAR_STRESS_LINEARIZABILITY_PICTURE_H_

#include <cstddef>
#include <span>
#include <string>

#include "stress/linearizability/history.h"
#include "stress/linearizability/specification.h"

namespace ashlar::linearizability {

// `order`: the lanes whose calls were placed, one after the other.
[[nodiscard]] std::string DrawHistory(const History& history, const Specification& specification,
                                      std::span<const std::size_t> order);

}  // namespace ashlar::linearizability

#endif  // ASHLAR_STRESS_LINEARIZABILITY_PICTURE_H_
