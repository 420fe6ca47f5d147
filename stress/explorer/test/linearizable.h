// linearizable.h - the linearizability checker as an oracle of explored bodies.
//
//   History failed(2, 4);                               // outlives executions
//   const Result result = Explore({...}, [&] {
//     History history(2, 4);
//     ...                                               // threads that record; all joined
//     RequireLinearizable(history, Stack(), &failed);
//   });
//   EXPECT_TRUE(result.clean()) << Explain(failed, Stack()) << result.report;
#ifndef ASHLAR_STRESS_EXPLORER_TEST_LINEARIZABLE_H_
#define ASHLAR_STRESS_EXPLORER_TEST_LINEARIZABLE_H_

#include "stress/explorer/explore.h"
#include "stress/linearizability/checker.h"
#include "stress/linearizability/history.h"
#include "stress/linearizability/specification.h"

namespace ashlar::explorer {

// Ends the execution as a failure if `history` is not linearizable, and keeps it in `*failed`: behind
// Explore() that of the shrunk execution. What the body makes is gone by then, and globals are rolled
// back; so make that a local variable of the test, as large as `history`.
inline void RequireLinearizable(
    const linearizability::History& history, const linearizability::Specification& specification,
    linearizability::History* failed,
    linearizability::Precedence precedence = linearizability::Precedence::kRealTime) {
  const linearizability::Answer answer =
      linearizability::Check(history, specification, {.precedence = precedence});
  if (answer != linearizability::Answer::kYes) failed->CopyFrom(history);
  // The same text for all histories, so that shrinking may find a smaller one.
  ASHLAR_REQUIRE(answer == linearizability::Answer::kYes);
}

}  // namespace ashlar::explorer

#endif  // ASHLAR_STRESS_EXPLORER_TEST_LINEARIZABLE_H_
