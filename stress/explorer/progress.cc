#include "stress/explorer/progress.h"

#include <string.h>

#include "stress/explorer/event.h"
#include "stress/explorer/explore.h"
#include "stress/explorer/failure.h"
#include "stress/explorer/fiber.h"
#include "stress/explorer/scheduler.h"
#include "stress/explorer/symbols.h"

namespace ashlar::explorer {

Progress g_progress;

namespace {

constexpr unsigned kMaxDeclared = 32;
const char* g_declared[kMaxDeclared];
unsigned g_declared_count;

// Some frame of the fiber's stack is a function that is declared to block.
bool IsInDeclared(const Fiber& fiber) {
  Symbol symbols[Fiber::kMaxStack];
  const unsigned depth = fiber.depth < Fiber::kMaxStack ? fiber.depth : Fiber::kMaxStack;
  LookUp(fiber.stack, depth, symbols);
  Symbol here;
  LookUp(&fiber.last_pc, 1, &here);
  for (unsigned d = 0; d < g_declared_count; ++d) {
    for (unsigned i = 0; i <= depth; ++i) {
      const Symbol& symbol = i < depth ? symbols[i] : here;
      if (strstr(symbol.function, g_declared[d]) != nullptr ||
          strstr(symbol.outer, g_declared[d]) != nullptr) {
        return true;
      }
    }
  }
  return false;
}

// The thread whose end `address` stands for; null: none's.
const Fiber* JoinedAt(std::uintptr_t address) { return FiberOf(address); }

}  // namespace

void PlanStop(std::uint64_t number) {
  g_progress.stopped = 0;
  g_progress.victim = 0;
  if (!g_progress.asked) return;
  // Thread 1 is the body itself.
  constexpr std::uint64_t kThreads = 4;
  g_progress.victim = static_cast<unsigned>(1 + (number + 1) % kThreads);
  g_progress.victim_at =
      static_cast<std::uint32_t>(1 + number / kThreads % g_progress.most_accesses);
}

void NoteStop(std::uint32_t pc) {
  g_progress.stopped = g_me->id;
  g_progress.stopped_pc = pc;
  Note(Verb::kStop, pc, 0, 0, 0, 0);
}

void JudgeBlocked() {
  for (unsigned id = 1; id < g_fiber_count; ++id) {
    const Fiber& fiber = g_fibers[id];
    if (fiber.status != Status::kBlocked && fiber.status != Status::kTimed) continue;
    if (JoinedAt(fiber.waits_for) != nullptr) continue;  // it is judged itself, or stopped
    if (IsInDeclared(fiber)) {
      ++g_progress.excused;
      continue;
    }
    DieAt(fiber.last_pc, g_progress.stopped_pc, "blocked: T%u waits for ever, as T%u has stopped", id,
          g_progress.stopped);
  }
}

void JudgeSpinning() {
  if (IsInDeclared(*g_me)) {
    ++g_progress.excused;
    Prune();
  }
  DieAt(g_me->last_pc, g_progress.stopped_pc,
        "blocked: T%u does not come to an end, as T%u has stopped: a lock", unsigned{g_me->id},
        g_progress.stopped);
}

void AllowBlocking(const char* name) {
  if (g_declared_count < kMaxDeclared) g_declared[g_declared_count++] = name;
}

std::uint64_t BlockedByDeclaration() { return g_progress.excused; }

}  // namespace ashlar::explorer
