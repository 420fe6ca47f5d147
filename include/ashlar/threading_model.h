// threading_model.h - the choice of A or B that every container of Ashlar takes as a type.
//
//   Concurrent       any thread may call at any time; lock-free where the container says so.
//   SingleThreaded   one thread at a time; no atomic read-modify-write anywhere, memory included:
//                    nothing is shared with other containers.
#ifndef ASHLAR_THREADING_MODEL_H_
#define ASHLAR_THREADING_MODEL_H_

#include <concepts>

namespace ashlar {

struct Concurrent {};
struct SingleThreaded {};

template <typename M>
concept ThreadingModel = std::same_as<M, Concurrent> || std::same_as<M, SingleThreaded>;

}  // namespace ashlar

#endif  // ASHLAR_THREADING_MODEL_H_
