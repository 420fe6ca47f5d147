// free_list.h - the work that both explorers are timed at: two threads, each of which takes a node
// off a tagged free list, writes to it, and puts it back, three times; some 50 atomic accesses.
//
// Written once for either kind of atomics: those of C++, and Relacy's.
#ifndef ASHLAR_BENCH_EXPLORER_FREE_LIST_H_
#define ASHLAR_BENCH_EXPLORER_FREE_LIST_H_

#include <cstdint>

namespace ashlar::bench {

inline constexpr int kNodes = 4;
inline constexpr int kRounds = 3;

// `Kind` has Word, an atomic std::uint64_t, and Plain, an int, with the operations of those in
// lib/sync/relacy/relacy.h; and kRelaxed, kAcquire, kRelease.
template <typename Kind>
struct FreeList {
  typename Kind::Word head;  // tag and number of the first node, from 1
  typename Kind::Word next[kNodes + 1];
  typename Kind::Plain owner[kNodes + 1];

  static std::uint64_t NodeOf(std::uint64_t head_word) { return head_word & 0xffffffff; }
  static std::uint64_t Successor(std::uint64_t head_word, std::uint64_t node) {
    return ((head_word >> 32) + 1) << 32 | node;
  }

  // Before there are threads.
  void Fill() {
    for (std::uint64_t i = 1; i <= kNodes; ++i) {
      next[i].Store(i < kNodes ? i + 1 : 0, Kind::kRelaxed);
      owner[i].Set(0);
    }
    head.Store(1, Kind::kRelaxed);
  }

  std::uint64_t Pop() {
    while (true) {
      std::uint64_t seen = head.Load(Kind::kAcquire);
      const std::uint64_t node = NodeOf(seen);
      if (node == 0) return 0;
      const std::uint64_t after = next[node].Load(Kind::kRelaxed);
      if (head.CompareExchange(seen, Successor(seen, after), Kind::kRelaxed)) return node;
    }
  }

  void Push(std::uint64_t node) {
    std::uint64_t seen = head.Load(Kind::kRelaxed);
    do {
      next[node].Store(NodeOf(seen), Kind::kRelaxed);
    } while (!head.CompareExchange(seen, Successor(seen, node), Kind::kRelease));
  }

  // False: a node belonged to two.
  bool Work(int thread) {
    for (int round = 0; round < kRounds; ++round) {
      const std::uint64_t node = Pop();
      if (node == 0) return false;  // four nodes for two threads
      owner[node].Set(thread);
      if (owner[node].Get() != thread) return false;
      Push(node);
    }
    return true;
  }
};

}  // namespace ashlar::bench

#endif  // ASHLAR_BENCH_EXPLORER_FREE_LIST_H_
