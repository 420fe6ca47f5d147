#include "stress/explorer/cell.h"

#include <errno.h>
#include <string.h>

#include "stress/explorer/failure.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {

std::uint32_t g_execution;

namespace {

struct Word {
  std::uint64_t* address;
  std::uint64_t value;
};
Word* g_undo;
std::uint32_t g_undo_count;

// One bit for each page of the arena's heap: touched since it was last zeros.
constexpr std::size_t kPageBytes = 4096;
std::uint64_t g_touched[kHeapBytes / kPageBytes / 64];

// Addresses elsewhere: the stack of whoever called Explore, libraries that were not rebuilt.
struct ForeignEntry {
  Cell cell;
  std::uintptr_t granule;
};
constexpr std::uint32_t kForeignEntries = 1 << 15;
ForeignEntry* g_foreign;

}  // namespace

void InitializeCells() {
  g_undo = NewTable<Word>(kMaxUndo);
  g_foreign = NewTable<ForeignEntry>(kForeignEntries);
  ReserveTable(kArena, kArenaBytes);
  ReserveTable(kArenaShadow, kArenaBytes * 8);
  ReserveTable(kGlobalShadow, g_image.data_bytes * 8 + 64);
}

void NoteTouched(std::uintptr_t address) {
  if (address - kHeap >= kHeapBytes) return;
  const std::size_t page = (address - kHeap) / kPageBytes;
  g_touched[page / 64] |= std::uint64_t{1} << (page % 64);
}

void ZeroTouched(std::uintptr_t start, std::size_t size_bytes) {
  const std::size_t first = (start - kHeap) / kPageBytes;
  const std::size_t end = first + size_bytes / kPageBytes;
  for (std::size_t word = first / 64; word * 64 < end; ++word) {
    for (std::uint64_t bits = g_touched[word]; bits != 0; bits &= bits - 1) {
      const std::size_t page = word * 64 + static_cast<std::size_t>(__builtin_ctzll(bits));
      if (page < first || page >= end) continue;
      memset(reinterpret_cast<void*>(kHeap + page * kPageBytes), 0, kPageBytes);
      g_touched[word] &= ~(bits & -bits);
    }
  }
}

void RenewCell(Cell& cell, std::uintptr_t granule) {
  cell.execution = g_execution;
  cell.location = 0;
  cell.used = cell.writers = cell.freed = 0;
  if (!IsGlobal(granule)) return NoteTouched(granule);
  if (g_undo_count == kMaxUndo) Die("more than %u words of globals touched", kMaxUndo);
  auto* word = reinterpret_cast<std::uint64_t*>(granule);
  g_undo[g_undo_count++] = {word, *word};
}

Cell& ForeignCell(std::uintptr_t granule) {
  // Fibers share the place of errno; its value is exchanged at each switch (fiber.cc).
  if (granule == (reinterpret_cast<std::uintptr_t>(&errno) & ~std::uintptr_t{7})) {
    static Cell errno_cell;
    RenewCell(errno_cell, granule);
    return errno_cell;
  }
  std::uint32_t hash = static_cast<std::uint32_t>((granule >> 3) * 0x9E3779B97F4A7C15ULL >> 49);
  for (std::uint32_t i = 0; i < kForeignEntries; ++i, hash = (hash + 1) % kForeignEntries) {
    ForeignEntry& entry = g_foreign[hash];
    if (entry.cell.execution == g_execution) {
      if (entry.granule == granule) return entry.cell;
      continue;
    }
    entry.granule = granule;
    RenewCell(entry.cell, granule);
    return entry.cell;
  }
  Die("more than %u words outside the heap and the globals touched", kForeignEntries);
}

void RollBackGlobals() {
  while (g_undo_count > 0) {
    const Word& word = g_undo[--g_undo_count];
    // What did not change may be read-only.
    if (*word.address != word.value) *word.address = word.value;
  }
}

}  // namespace ashlar::explorer
