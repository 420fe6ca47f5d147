#include "fuzz/program.h"

#include <algorithm>
#include <random>
#include <utility>

namespace ashlar::fuzz {
namespace {

using Random = std::minstd_rand;

std::uint32_t Below(Random& random, std::size_t bound) {
  return static_cast<std::uint32_t>(random() % bound);
}

std::uint8_t SomeByte(Random& random) { return static_cast<std::uint8_t>(Below(random, 256)); }

Operation SomeOperation(Random& random, unsigned threads) {
  return {.thread = static_cast<std::uint8_t>(Below(random, threads)),
          .verb = static_cast<std::uint8_t>(Below(random, Program::kVerbs)),
          .a = SomeByte(random),
          .b = SomeByte(random)};
}

void MutateSchedule(std::vector<std::uint8_t>& schedule, Random& random) {
  const auto at = [&] {
    return schedule.begin() + static_cast<std::ptrdiff_t>(Below(random, schedule.size()));
  };
  const std::uint32_t kind = Below(random, 4);
  if (schedule.empty() || kind == 0) {
    // Zeros are the plain choices: one that is not, after some that are.
    schedule.insert(schedule.end(), Below(random, 24), 0);
    schedule.push_back(SomeByte(random));
  } else if (kind == 1) {
    *at() = Below(random, 2) == 0 ? 0 : SomeByte(random);
  } else if (kind == 2) {
    schedule.erase(at());
  } else {
    schedule.insert(at(), 0);
  }
}

}  // namespace

Program ReadProgram(std::span<const std::uint8_t> bytes) {
  Program program;
  if (bytes.empty()) return program;
  program.threads = bytes[0] % Program::kMostThreads + 1;
  const std::size_t wanted =
      std::min<std::size_t>(bytes[0] / Program::kMostThreads, Program::kMostOperations);
  bytes = bytes.subspan(1);
  const std::size_t count = std::min(wanted, bytes.size() / 3);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const std::uint8_t> three = bytes.subspan(3 * i, 3);
    program.operations.push_back(
        {.thread = static_cast<std::uint8_t>(three[0] / Program::kVerbs % program.threads),
         .verb = static_cast<std::uint8_t>(three[0] % Program::kVerbs),
         .a = three[1],
         .b = three[2]});
  }
  bytes = bytes.subspan(3 * count);
  program.schedule.assign(bytes.begin(), bytes.end());
  return program;
}

std::vector<std::uint8_t> WriteProgram(const Program& program, std::size_t most_bytes) {
  std::vector<std::uint8_t> bytes;
  const std::size_t room = most_bytes == 0 ? 0 : (most_bytes - 1) / 3;
  const std::size_t count = std::min(program.operations.size(), room);
  bytes.push_back(
      static_cast<std::uint8_t>(program.threads - 1 + Program::kMostThreads * count));
  for (std::size_t i = 0; i < count; ++i) {
    const Operation& operation = program.operations[i];
    bytes.push_back(static_cast<std::uint8_t>(operation.thread * Program::kVerbs + operation.verb));
    bytes.push_back(operation.a);
    bytes.push_back(operation.b);
  }
  bytes.insert(bytes.end(), program.schedule.begin(), program.schedule.end());
  if (bytes.size() > most_bytes) bytes.resize(most_bytes);
  return bytes;
}

void MutateProgram(Program& program, std::uint32_t seed) {
  Random random(seed);
  random.discard(2);  // neighbouring seeds begin alike
  std::vector<Operation>& operations = program.operations;
  const std::uint32_t kind = Below(random, 10);
  if (kind >= 6) return MutateSchedule(program.schedule, random);
  if (kind == 0) {
    program.threads = 2 + Below(random, Program::kMostThreads - 1);
    for (Operation& operation : operations) operation.thread %= program.threads;
    return;
  }
  if (operations.empty() || (kind == 1 && operations.size() < Program::kMostOperations)) {
    const std::uint32_t at = Below(random, operations.size() + 1);
    operations.insert(operations.begin() + at, SomeOperation(random, program.threads));
    return;
  }
  Operation& chosen = operations[Below(random, operations.size())];
  if (kind == 2) {
    chosen = SomeOperation(random, program.threads);
  } else if (kind == 3) {
    chosen.thread = static_cast<std::uint8_t>(Below(random, program.threads));
  } else if (kind == 4) {
    std::swap(chosen, operations[Below(random, operations.size())]);
  } else {
    operations.erase(operations.begin() + (&chosen - operations.data()));
  }
}

Program CrossPrograms(const Program& one, const Program& other, std::uint32_t seed) {
  Random random(seed);
  random.discard(2);
  Program child;
  child.threads = std::max(one.threads, other.threads);
  for (std::size_t i = 0; i < std::max(one.operations.size(), other.operations.size()); ++i) {
    const Program& parent = Below(random, 2) == 0 ? one : other;
    if (i < parent.operations.size()) child.operations.push_back(parent.operations[i]);
  }
  child.schedule = Below(random, 2) == 0 ? one.schedule : other.schedule;
  return child;
}

}  // namespace ashlar::fuzz
