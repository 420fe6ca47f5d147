#include "fuzz/program.h"

#include <set>

#include "gtest/gtest.h"

namespace ashlar::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Program, IsReadFromItsBytes) {
  const Program program = ReadProgram(Bytes{1 + 3 * 2, 8 + 5, 10, 11, 2, 20, 21, 7, 9});
  EXPECT_EQ(program.threads, 2u);
  ASSERT_EQ(program.operations.size(), 2u);
  EXPECT_EQ(program.operations[0].thread, 1);
  EXPECT_EQ(program.operations[0].verb, 5);
  EXPECT_EQ(program.operations[0].b, 11);
  EXPECT_EQ(program.operations[1].thread, 0);
  EXPECT_EQ(program.operations[1].a, 20);
  EXPECT_EQ(program.schedule, (Bytes{7, 9}));
}

TEST(Program, AnyBytesAreOne) {
  EXPECT_TRUE(ReadProgram({}).operations.empty());
  const Program cut = ReadProgram(Bytes{3 * 5, 1, 2, 3, 4});
  EXPECT_EQ(cut.operations.size(), 1u) << "an operation that is cut short is schedule";
  EXPECT_EQ(cut.schedule, Bytes{4});
  const Program many = ReadProgram(Bytes(500, 255));
  EXPECT_EQ(many.operations.size(), Program::kMostOperations);
  for (const Operation& operation : many.operations) EXPECT_LT(operation.thread, many.threads);
}

TEST(Program, StaysWhatItIsThroughItsBytesWhateverMutationsItHad) {
  Program program;
  std::set<Bytes> seen;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    MutateProgram(program, seed);
    ASSERT_LE(program.operations.size(), Program::kMostOperations);
    const Bytes bytes = WriteProgram(program, 4096);
    ASSERT_EQ(WriteProgram(ReadProgram(bytes), 4096), bytes) << "seed " << seed;
    ASSERT_LE(WriteProgram(program, 20).size(), 20u);
    seen.insert(bytes);
  }
  EXPECT_GT(seen.size(), 1500u) << "most change something";
}

TEST(Program, AChangeOfAnOperationLeavesTheScheduleAndTheReverse) {
  Program program;
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    const Bytes before = WriteProgram(program, 4096);
    const Bytes schedule = program.schedule;
    MutateProgram(program, seed);
    Program old_schedule = program;
    old_schedule.schedule = schedule;
    EXPECT_TRUE(program.schedule == schedule || WriteProgram(old_schedule, 4096) == before);
  }
}

TEST(Program, AChildHasOperationsOfBoth) {
  const Program one = ReadProgram(Bytes{1 + 3 * 3, 0, 1, 1, 0, 1, 1, 0, 1, 1, 4});
  const Program other = ReadProgram(Bytes{2 + 3 * 3, 0, 2, 2, 0, 2, 2, 0, 2, 2, 5});
  std::set<int> first;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const Program child = CrossPrograms(one, other, seed);
    EXPECT_EQ(child.threads, 3u);
    ASSERT_EQ(child.operations.size(), 3u);
    first.insert(child.operations[0].a);
  }
  EXPECT_EQ(first, (std::set<int>{1, 2}));
}

}  // namespace
}  // namespace ashlar::fuzz
