// The sync layer's own types, a few steps each. Its proofs are in lib/sync/explored: these are here
// to be run over copies with bugs in them.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ashlar/internal/sync/allowance.h"
#include "ashlar/internal/sync/epoch.h"
#include "ashlar/internal/sync/free_word.h"
#include "ashlar/internal/sync/handle_count.h"
#include "ashlar/internal/sync/lifeline.h"
#include "ashlar/internal/sync/lock.h"
#include "ashlar/internal/sync/magazine.h"
#include "ashlar/internal/sync/published.h"
#include "ashlar/internal/sync/slab_set.h"
#include "ashlar/internal/sync/slab_state.h"
#include "stress/engine/ground.h"
#include "stress/engine/scenario.h"

namespace ashlar::stress {
namespace {

using namespace internal;  // NOLINT: everything here is about its types

// ---- Magazines ----------------------------------------------------------------------------------

Magazine g_magazines[4];

struct Stack {
  MagazineStack stack;
  std::uintptr_t base = AddressOf(g_magazines) - kMagazineBytes;  // index 0 is none

  void Push(std::size_t i) { stack.Push(base, &g_magazines[i], static_cast<unsigned>(i + 1)); }
  // Whose magazine it is lies in its first slot; its count stays with it.
  Magazine* Pop(void* owner) {
    unsigned count = 0;
    Magazine* magazine = stack.Pop(base, &count);
    if (magazine == nullptr) return nullptr;
    ASHLAR_REQUIRE(magazine == &g_magazines[count - 1]);
    magazine->slots[0] = owner;
    return magazine;
  }
  void PushBack(Magazine* magazine, void* owner) {
    if (magazine == nullptr) return;
    ASHLAR_REQUIRE(magazine->slots[0] == owner);
    Push(static_cast<std::size_t>(magazine - g_magazines));
  }
  void ExpectAll(unsigned magazines) {
    ASHLAR_REQUIRE(stack.TotalSlots(base) == magazines * (magazines + 1) / 2);
    unsigned count;
    for (unsigned i = 0; i < magazines; ++i) ASHLAR_REQUIRE(stack.Pop(base, &count) != nullptr);
    ASHLAR_REQUIRE(stack.IsEmpty());
  }
};

void MagazinesChangeHands() {
  Stack stack;
  for (std::size_t i = 0; i < 3; ++i) stack.Push(i);
  const auto work = [&stack] {
    int me = 0;
    for (int i = 0; i < 2; ++i) {
      Magazine* a = stack.Pop(&me);
      Magazine* b = stack.Pop(&me);
      stack.PushBack(a, &me);
      stack.PushBack(b, &me);
    }
  };
  Together(work, work);
  stack.ExpectAll(3);
}

void MagazinesArePushedAtOnce() {
  Stack stack;
  stack.Push(0);
  Together([&stack] { stack.Push(1); }, [&stack] { stack.Push(2); },
           [&stack] {
             int me = 0;
             stack.PushBack(stack.Pop(&me), &me);
           });
  stack.ExpectAll(3);
}

// ---- Slabs' words -------------------------------------------------------------------------------

void BitsAreTakenAndGiven() {
  constexpr unsigned kSlots = 4;
  FreeWord<Concurrent> word;
  int data[kSlots] = {};
  word.Initialize(LowBits(kSlots));
  const auto work = [&](int me, std::uint64_t wish) {
    for (int i = 0; i < 2; ++i) {
      const std::uint64_t mine = word.Take(wish);
      for (unsigned slot = 0; slot < kSlots; ++slot) {
        if ((mine & Bit(slot)) != 0) data[slot] = me;
      }
      for (unsigned slot = 0; slot < kSlots; ++slot) {
        if ((mine & Bit(slot)) != 0) ASHLAR_REQUIRE(data[slot] == me);
      }
      ASHLAR_REQUIRE((word.Give(mine) & mine) == 0);
    }
  };
  Together([&] { work(1, 0b0111); }, [&] { work(2, 0b1110); });
  ASHLAR_REQUIRE(word.Guess() == LowBits(kSlots));
}

// Slabs of one word, in a set of one level or two. Slab 0's bit is stale.
template <std::size_t kUnits>
struct SetOfSlabs {
  SlabSetShape shape{kUnits};
  SlabSet<Concurrent>::Word table[3];
  FreeWord<Concurrent> words[2];

  SetOfSlabs() { set().Insert(0); }
  SlabSet<Concurrent> set() { return {table, shape, 1, 0}; }
  void Give(std::size_t slab) {
    if (words[slab].Give(1) == 0) set().Insert(slab);
  }
  void LookAgain(std::size_t slab) {
    set().Remove(slab);
    if (words[slab].Look() != 0) set().Insert(slab);
  }
  bool Has(std::size_t slab) {
    std::size_t found;
    return set().FindFrom(slab, &found) && found == slab && set().FindBelow(kUnits, &found);
  }
};

void ASlotComesAsItsSlabIsTakenOffTheSet() {
  SetOfSlabs<64> slabs;
  Together([&] { slabs.LookAgain(0); }, [&] { slabs.Give(0); });
  ASHLAR_REQUIRE(slabs.Has(0));
}

void ASlabComesAsTheLastOfItsWordGoes() {
  SetOfSlabs<65> slabs;
  Together([&] { slabs.LookAgain(0); }, [&] { slabs.Give(1); });
  std::size_t found;
  ASHLAR_REQUIRE(slabs.set().FindFrom(0, &found) && found == 1);
  ASHLAR_REQUIRE(slabs.set().FindBelow(65, &found) && found == 1);  // by way of the level above
}

// A slab is made where a stale bit stands, as somebody clears that bit.
void ASlabIsMadeUnderAStaleBit() {
  constexpr std::uint64_t kOwner = 5;
  SetOfSlabs<64> slabs;
  SlabState<Concurrent> state;
  slabs.words[0].Initialize(1);
  Together(
      [&] {
        state.Publish(kOwner, 1);
        slabs.set().Insert(0);
      },
      [&] {
        slabs.set().Remove(0);
        if (!state.TryRetain(kOwner, 1)) return;
        if (slabs.words[0].Look() != 0) slabs.set().Insert(0);
        static_cast<void>(state.Release(1));
      });
  ASHLAR_REQUIRE(slabs.Has(0));
}

// A slab with one slot out. It comes home while others look for slots; whoever leaves it empty ends
// it, and then it is another owner's.
void ASlabEndsWhenNobodyHoldsIt() {
  constexpr std::uint64_t kOwner = 5;
  SlabState<Concurrent> state;
  int bytes[2] = {};  // each holder's own
  int ends = 0;
  state.Publish(kOwner, 2);
  const auto end_if_empty = [&](std::uint64_t left) {
    if (left != 1 || !state.TryRetire(kOwner)) return;
    ++ends;
    ASHLAR_REQUIRE(bytes[0] != -1 && bytes[1] != -1);
    bytes[0] = bytes[1] = -1;
  };
  Together(
      [&] {
        bytes[0] = 1;
        end_if_empty(state.Release(1));
      },
      [&] {
        if (!state.TryRetain(kOwner, 1)) return;
        bytes[1] = 1;
        end_if_empty(state.Release(1));
      });
  ASHLAR_REQUIRE(ends == 1);
}

void PromisesAreKept() {
  Allowance<Concurrent> allowance;
  std::uint64_t drawn[2] = {};
  int granted = 0;  // what the granter wrote
  allowance.Grant(3);
  Together([&] { drawn[0] = allowance.Draw(2); }, [&] { drawn[1] = allowance.Draw(2); },
           [&] {
             granted = 1;
             allowance.Grant(4);
           },
           [&] {
             if (!allowance.DrawAbove(4, 0)) return;
             ASHLAR_REQUIRE(granted == 1);
             allowance.Grant(4);
           });
  ASHLAR_REQUIRE(allowance.Get() <= 7);
  ASHLAR_REQUIRE(allowance.Get() == 7 - drawn[0] - drawn[1]);
}

// ---- Ends ---------------------------------------------------------------------------------------

void TheLastHandleEnds() {
  HandleCount<Concurrent> handles;
  int used[2] = {};
  int ends = 0;
  handles.Retain();
  const auto release = [&](int me) {
    used[me] = 1;
    if (!handles.Release()) return;
    ++ends;
    ASHLAR_REQUIRE(used[0] + used[1] == 2);
  };
  Together([&] { release(0); }, [&] { release(1); });
  ASHLAR_REQUIRE(ends == 1);
}

// The end was declared, two have something of it and bring it home: MagazinePool::Leave().
void TheLastToLeaveEnds() {
  Lifeline life;
  std::atomic<int> home{0};
  int inside[2] = {};
  int ends = 0;
  const std::uint32_t generation = life.Open();
  ASHLAR_REQUIRE(life.TryPin(generation));
  life.DeclareEnd();
  static_cast<void>(life.Unpin());
  const auto leave = [&](int me) {
    ASHLAR_REQUIRE(life.TryPin(generation));
    inside[me] = 1;
    home.fetch_add(1, std::memory_order_relaxed);
    while (true) {
      const bool can_end = home.load(std::memory_order_relaxed) == 2;
      switch (life.Unpin()) {
        case Lifeline::Left::kNothingToDo:
          return;
        case Lifeline::Left::kLookAgain:
          if (!life.TryPin(generation)) return;
          break;
        case Lifeline::Left::kLast:
          if (!can_end || !life.TryEnd(generation)) return;
          ++ends;
          ASHLAR_REQUIRE(inside[0] + inside[1] == 2);
          return;
      }
    }
  };
  Together([&] { leave(0); }, [&] { leave(1); });
  ASHLAR_REQUIRE(ends == 1);
}

// Somebody who remembers the generation looks in while another ends it.
void AnEndedGenerationIsRefused() {
  Lifeline life;
  int content = 0;
  const std::uint32_t generation = life.Open();
  Together(
      [&] {
        if (!life.TryPin(generation)) return;
        ASHLAR_REQUIRE(content == 0);
        static_cast<void>(life.Unpin());
      },
      [&] {
        ASHLAR_REQUIRE(life.TryPin(generation));
        life.DeclareEnd();
        static_cast<void>(life.Unpin());
        if (life.TryEnd(generation)) content = 1;
      });
}

// A bystander looks in while another declares the end, waits until nobody is inside, and looks.
void VisitorsAreWaitedFor() {
  Lifeline life;
  int content = 0;
  const std::uint32_t generation = life.Open();
  Together(
      [&] {
        if (life.TryVisit(generation) != Lifeline::Visit::kInside) return;
        content = 1;
        life.Depart();
      },
      [&] {
        ASHLAR_REQUIRE(life.TryPin(generation));
        life.DeclareEnd();
        while (life.HasVisitors()) explorer::Pause();
        content = 2;
        static_cast<void>(life.Unpin());
      });
}

// ---- Publication and locks ----------------------------------------------------------------------

void AListGrowsAsItIsWalked() {
  struct Node {
    int value = 0;
    Node* next = nullptr;
  };
  Node nodes[3];
  Published<Node, Concurrent> head;
  const auto push = [&](int i) {
    nodes[i].value = i + 1;
    head.Push(&nodes[i], [](Node* mine, Node* next) { mine->next = next; });
  };
  push(0);
  Together([&] { push(1); }, [&] { push(2); },
           [&] {
             for (const Node* node = head.Get(); node != nullptr; node = node->next) {
               ASHLAR_REQUIRE(node->value != 0);
             }
           });
  int count = 0;
  for (const Node* node = head.Get(); node != nullptr; node = node->next) ++count;
  ASHLAR_REQUIRE(count == 3);
}

void APointerIsPublishedOnce() {
  int value = 0;
  Published<int, Concurrent> published;
  Together(
      [&] {
        value = 1;
        published.Publish(&value);
      },
      [&] {
        const int* seen = published.Get();
        if (seen != nullptr) ASHLAR_REQUIRE(*seen == 1);
      });
}

void TheLockGuards() {
  Lock<Concurrent> lock;
  int count = 0;
  std::atomic<int> steps{0};
  const auto work = [&] {
    for (int i = 0; i < 2; ++i) {
      const LockGuard<Concurrent> guard(lock);
      ++count;
      // Long enough for others to fall asleep.
      for (int step = 0; step < 20; ++step) steps.fetch_add(1, std::memory_order_relaxed);
    }
  };
  Together(work, work, work);
  ASHLAR_REQUIRE(count == 6);
}

constexpr Scenario kScenarios[] = {
    {"MagazinesChangeHands", MagazinesChangeHands, 20000},
    {"MagazinesArePushedAtOnce", MagazinesArePushedAtOnce, 20000},
    {"BitsAreTakenAndGiven", BitsAreTakenAndGiven, 20000},
    {"ASlotComesAsItsSlabIsTakenOffTheSet", ASlotComesAsItsSlabIsTakenOffTheSet, 20000},
    {"ASlabComesAsTheLastOfItsWordGoes", ASlabComesAsTheLastOfItsWordGoes, 20000},
    {"ASlabIsMadeUnderAStaleBit", ASlabIsMadeUnderAStaleBit, 20000},
    {"ASlabEndsWhenNobodyHoldsIt", ASlabEndsWhenNobodyHoldsIt, 20000},
    {"PromisesAreKept", PromisesAreKept, 20000},
    {"TheLastHandleEnds", TheLastHandleEnds, 20000},
    {"TheLastToLeaveEnds", TheLastToLeaveEnds, 20000},
    {"AnEndedGenerationIsRefused", AnEndedGenerationIsRefused, 20000},
    {"VisitorsAreWaitedFor", VisitorsAreWaitedFor, 20000},
    {"AListGrowsAsItIsWalked", AListGrowsAsItIsWalked, 20000},
    {"APointerIsPublishedOnce", APointerIsPublishedOnce, 20000},
    {"TheLockGuards", TheLockGuards, 20000},
};

}  // namespace

std::span<const Scenario> SyncScenarios() { return kScenarios; }

}  // namespace ashlar::stress
