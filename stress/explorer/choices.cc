#include "stress/explorer/choices.h"

#include <sys/mman.h>

#include "stress/explorer/failure.h"
#include "stress/explorer/limits.h"

namespace ashlar::explorer {

Choices g_choices;

namespace {

constexpr std::uint32_t kMaxDepth = 1 << 16;

struct Tree {
  TreeNode nodes[kMaxDepth];
  std::uint32_t depth = 0;     // of the path that is known
  std::uint32_t position = 0;  // on it
};
Tree g_tree;

std::uint32_t TakeByte() {
  return g_choices.next < g_choices.end ? *g_choices.next++ : 0U;
}

// Numbers above 256 take as many bytes as they need, lowest first.
std::uint32_t TakeNumber(std::uint32_t n) {
  std::uint32_t value = TakeByte();
  for (unsigned shift = 8; shift < 32 && (n - 1) >> shift != 0; shift += 8) {
    value |= TakeByte() << shift;
  }
  return value % n;
}

std::uint32_t AskTree(std::uint32_t n) {
  if (g_tree.position == g_tree.depth) {
    if (g_tree.depth == kMaxDepth || n > UINT16_MAX) Die("too many choices for an exhaustive search");
    g_tree.nodes[g_tree.depth++] = {0, static_cast<std::uint16_t>(n)};
  }
  TreeNode& node = g_tree.nodes[g_tree.position++];
  if (node.answers != n) Die("the test is not deterministic: a choice had %u answers, now it has %u",
                             unsigned{node.answers}, n);
  return node.answer;
}

void Seed(std::uint64_t seed) {
  g_choices.random = (seed + 1) * 0x9E3779B97F4A7C15ULL | 1;
  for (int i = 0; i < 3; ++i) Random();
}

std::uint64_t Hash(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (std::size_t i = 0; i < count; ++i) hash = (hash ^ bytes[i]) * 1099511628211ULL;
  return hash;
}

void UsePriorities(std::uint32_t steps, std::uint32_t stay) {
  g_choices.source = Source::kPriorities;
  g_choices.stay = stay;
  g_choices.falls = 1 + Random() % 4;
  g_choices.lowest = 0;
  for (unsigned i = 0; i < g_choices.falls; ++i) {
    g_choices.falls_at[i] = 1 + Random() % (steps > 0 ? steps : 1);
  }
}

void UseChance(std::uint32_t stay) {
  g_choices.source = Source::kChance;
  g_choices.stay = stay;
}

// The mixture: no single strategy finds all bugs. Purely random switching never builds a long queue
// and is slow; long bursts miss what needs alternation; priorities need the right step.
void UseMixture(std::uint64_t number, std::uint32_t steps) {
  switch (number % 8) {
    case 0: return UseChance(240);
    case 1: return UsePriorities(steps, 0);
    case 2: return UseChance(208);
    case 3: return UsePriorities(steps, 128);
    case 4: return UseChance(250);
    case 5: g_choices.source = Source::kConflicts; g_choices.stay = 128; return;
    case 6: return UseChance(128);
    default: return UseChance(0);
  }
}

}  // namespace

std::uint32_t AskSource(std::uint32_t n, Kind) {
  switch (g_choices.source) {
    case Source::kTree:
      return AskTree(n);
    case Source::kBytes:
      if (g_choices.next >= g_choices.end) return Random() % n;
      return TakeNumber(n);
    default:
      return TakeNumber(n);
  }
}

void Record(std::uint32_t n, std::uint32_t answer, Kind kind) {
  do {
    if (g_choices.recorded == kMaxChoices) return;
    g_choices.values[g_choices.recorded] = static_cast<std::uint8_t>(answer);
    g_choices.kinds[g_choices.recorded++] = kind;
    answer >>= 8;
    n = ((n - 1) >> 8) + 1;
  } while (n > 1);
}

void BeginTree() { g_tree.depth = 0; }

void RestartPath() { g_tree.position = 0; }

bool NextPath() {
  while (g_tree.depth > 0) {
    TreeNode& last = g_tree.nodes[g_tree.depth - 1];
    if (last.answer + 1 < last.answers) {
      ++last.answer;
      return true;
    }
    --g_tree.depth;
  }
  return false;
}

void BeginChoices(const Options& options, std::uint64_t number, std::uint32_t steps) {
  g_choices.falls = 0;
  Seed(options.seed * 1000003 + number);
  switch (options.strategy) {
    case Strategy::kMixture: return UseMixture(number, steps);
    case Strategy::kRandom: return UseChance(0);
    case Strategy::kSticky: return UseChance(208);
    case Strategy::kPct: return UsePriorities(steps, number % 2 == 0 ? 0 : 128);
    case Strategy::kPos: g_choices.source = Source::kConflicts; g_choices.stay = 64; return;
    case Strategy::kExhaustive: g_choices.source = Source::kTree; return RestartPath();
    case Strategy::kBytes:
      g_choices.source = Source::kBytes;
      g_choices.next = options.bytes;
      g_choices.end = options.bytes + options.byte_count;
      return Seed(Hash(options.bytes, options.byte_count));
  }
}

void BeginReplay(const std::uint8_t* bytes, std::size_t count) {
  g_choices.source = Source::kReplay;
  g_choices.falls = 0;
  g_choices.next = bytes;
  g_choices.end = bytes + count;
  Seed(Hash(bytes, count));
}

}  // namespace ashlar::explorer
