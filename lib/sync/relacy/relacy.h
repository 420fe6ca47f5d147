// relacy.h - what the transcriptions in this folder share: D. Vyukov's Relacy, behind our names.
//
// Relacy runs a small protocol through many interleavings under the C++ memory model, stale loads
// and spurious failures of weak compare-and-swaps included. It sees its own types only, so each
// protocol of lib/sync that no race detector can judge (no plain data hangs on its order) is
// transcribed here on one page. A page states what holds as shipped, and that it breaks when any
// one end is weakened: so each order in it has a witness that is run every time.
//
//   enum class End { kNone, kGrant, kDraw };
//   template <End kWeak>
//   struct Promise : rl::test_suite<Promise<kWeak>, 2> {
//     Word<int> value;
//     void thread(unsigned index) {
//       ... value.FetchAdd(1, At<kWeak>(End::kGrant, rl::mo_release)); ...
#ifndef ASHLAR_LIB_SYNC_RELACY_RELACY_H_
#define ASHLAR_LIB_SYNC_RELACY_RELACY_H_

#include <ostream>
#include <streambuf>
#include <string>

#include "gtest/gtest.h"

// After everything else, as it takes words of the standard library for itself; GoogleTest's macros
// need them back.
#include <relacy/relacy.hpp>
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

namespace ashlar::internal::relacy {

// The order of the access `end`: the one it ships with, or the next weaker one if this is the end
// that the run weakens. seq_cst becomes acq_rel, of which a load keeps acquire, a store release.
template <auto kWeak>
constexpr rl::memory_order At(decltype(kWeak) end, rl::memory_order shipped) {
  if (end != kWeak) return shipped;
  return shipped == rl::mo_seq_cst ? rl::mo_acq_rel : rl::mo_relaxed;
}

// An atomic word with the operations of Cell (sync/cell.h).
template <typename T>
class Word {
 public:
  T Load(rl::memory_order order, unsigned line = __builtin_LINE()) const {
    return word_.load(order == rl::mo_acq_rel ? rl::mo_acquire : order, Here(line));
  }
  void Store(T value, rl::memory_order order, unsigned line = __builtin_LINE()) {
    word_.store(value, order == rl::mo_acq_rel ? rl::mo_release : order, Here(line));
  }
  T FetchAdd(T value, rl::memory_order order, unsigned line = __builtin_LINE()) {
    return word_.fetch_add(value, order, Here(line));
  }
  T FetchSub(T value, rl::memory_order order, unsigned line = __builtin_LINE()) {
    return word_.fetch_sub(value, order, Here(line));
  }
  T FetchOr(T value, rl::memory_order order, unsigned line = __builtin_LINE()) {
    return word_.fetch_or(value, order, Here(line));
  }
  T FetchAnd(T value, rl::memory_order order, unsigned line = __builtin_LINE()) {
    return word_.fetch_and(value, order, Here(line));
  }
  T Exchange(T value, rl::memory_order order, unsigned line = __builtin_LINE()) {
    return word_.exchange(value, order, Here(line));
  }
  // Weak. On failure relaxed: Relacy knows no failure order that is stronger than that of success,
  // so who needs one loads again.
  bool CompareExchange(T& expected, T desired, rl::memory_order success,
                       unsigned line = __builtin_LINE()) {
    return word_.compare_exchange_weak(expected, desired, success, Here(line), rl::mo_relaxed,
                                       Here(line));
  }

  // The kernel's futex on this word: sleeps if it holds `value` (and wakes now and then for no
  // reason); wakes one who sleeps.
  void WaitWhile(T value, unsigned line = __builtin_LINE()) {
    rl::rl_futex(&word_, rl::RL_FUTEX_WAIT, value, nullptr, nullptr, 0, Here(line));
  }
  void WakeOne(unsigned line = __builtin_LINE()) {
    rl::rl_futex(&word_, rl::RL_FUTEX_WAKE, 1, nullptr, nullptr, 0, Here(line));
  }

 private:
  static rl::debug_info Here(unsigned line) { return rl::debug_info("", "", line); }

  rl::atomic<T> word_;
};

// A plain value that Relacy watches for races.
template <typename T>
class Plain {
 public:
  void Set(T value, unsigned line = __builtin_LINE()) { var_(Here(line)) = value; }
  T Get(unsigned line = __builtin_LINE()) { return var_(Here(line)); }

 private:
  static rl::debug_info Here(unsigned line) { return rl::debug_info("", "", line); }

  rl::var<T> var_;
};

// What Relacy tells, up to a bound: it replaces operator new while an execution is under way, so
// nothing that lives longer may allocate.
class Notes : public std::streambuf {
 public:
  Notes() { setp(text_, text_ + sizeof text_); }
  std::string text() const { return std::string(pbase(), pptr()); }

 private:
  int_type overflow(int_type character) override { return traits_type::not_eof(character); }

  char text_[1 << 16];
};

// Success if no execution of `Protocol` fails; else the failing one's history, thread by thread.
// The executions are the same in every run.
template <typename Protocol>
::testing::AssertionResult Holds(unsigned executions = 20000) {
  Notes notes;
  std::ostream stream(&notes);
  rl::test_params parameters;
  parameters.iteration_count = executions;
  parameters.output_stream = &stream;
  parameters.progress_stream = &stream;
  if (rl::simulate<Protocol>(parameters)) return ::testing::AssertionSuccess() << "no failure";
  return ::testing::AssertionFailure() << notes.text();
}

}  // namespace ashlar::internal::relacy

#endif  // ASHLAR_LIB_SYNC_RELACY_RELACY_H_
