#include "ashlar/internal/span/arena.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "ashlar/internal/base/bits.h"
#include "ashlar/internal/span/backing.h"
#include "ashlar/internal/span/page_runs.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kKiB = 1024;

// Bytes with guards around every region that is laid out in them.
class Ground {
 public:
  explicit Ground(std::size_t size_bytes)
      : bytes_(new unsigned char[size_bytes + kAlignment]), size_bytes_(size_bytes) {
    start_ = RoundUp(AddressOf(bytes_.get()), kAlignment);
    std::memset(PointerTo(start_), kGuard, size_bytes);
  }
  void* At(std::size_t offset) { return PointerTo(start_ + offset); }
  // Nothing outside of the region was written; then all is a guard again.
  bool IsIntactAround(std::size_t offset, std::size_t size_bytes) {
    const auto* bytes = PointerTo<const unsigned char>(start_);
    const auto is_guard = [](unsigned char byte) { return byte == kGuard; };
    const bool intact = std::all_of(bytes, bytes + offset, is_guard) &&
                        std::all_of(bytes + offset + size_bytes, bytes + size_bytes_, is_guard);
    std::memset(PointerTo(start_), kGuard, size_bytes_);
    return intact;
  }

 private:
  static constexpr std::size_t kAlignment = 64 * kKiB;
  static constexpr unsigned char kGuard = 0xa5;

  std::unique_ptr<unsigned char[]> bytes_;
  std::size_t size_bytes_;
  std::uintptr_t start_;
};

// Every page of the arena, taken and written; and every table entry that can be asked for.
void UseAll(Arena& arena) {
  PageRuns& runs = arena.runs(Arena::Part::kBlocks);
  bool zeroed;
  while (const std::uint32_t page = runs.Take(1, 1, PageRuns::State::kBlock, &zeroed)) {
    ASSERT_TRUE(arena.Contains(runs.AddressOfPage(page)));
    std::memset(PointerTo(runs.AddressOfPage(page)), 0xff, std::size_t{1} << runs.page_shift());
  }
  for (std::size_t unit = 0; unit < arena.units(); ++unit) {
    ASSERT_EQ(arena.class_of(unit).Get(), 0) << "a fresh map is zero, and no run lies over it";
    arena.class_of(unit).Set(7);
    std::memset(arena.record(unit), 0xff, std::size_t{1} << arena.geometry().record_shift);
  }
  ASSERT_EQ(runs.used_bytes(), runs.total_bytes());
}

void ExpectThatNothingOutsideIsWritten(const ArenaGeometry& geometry, std::size_t smallest,
                                       std::size_t largest, std::size_t step) {
  Ground ground(2 * largest + 8 * geometry.unit_bytes());
  int made = 0;
  int refused = 0;
  for (std::size_t offset = 0; offset < 4 * geometry.unit_bytes() + 16; offset += step) {
    for (std::size_t size = smallest; size <= largest; size += 7 * step + 1) {
      Arena* arena = Arena::CreateInRegion(ground.At(offset), size, geometry, Backing());
      if (arena != nullptr) {
        ++made;
        ASSERT_EQ(arena->start(), AddressOf(ground.At(offset)));
        ASSERT_EQ(arena->size_bytes(), size);
        ASSERT_EQ(arena->base() % (4 * geometry.unit_bytes()), 0u);
        ASSERT_GE(arena->runs(Arena::Part::kSlabs).total_bytes(), 4 * geometry.unit_bytes());
        ASSERT_NO_FATAL_FAILURE(UseAll(*arena));
      } else {
        ++refused;
      }
      ASSERT_TRUE(ground.IsIntactAround(offset, size)) << "offset " << offset << " size " << size;
    }
  }
  EXPECT_GT(made, 0);
  EXPECT_GT(refused, 0);
}

TEST(Arena, OfATinyRegionStaysInsideItAtEachOffsetAndSize) {
  ExpectThatNothingOutsideIsWritten(kTinyGeometry, 1, 12 * kKiB, 53);
}

TEST(Arena, OfASmallRegionStaysInsideItAtEachOffsetAndSize) {
  ExpectThatNothingOutsideIsWritten(kSmallGeometry, 10 * kKiB, 40 * kKiB, 509);
}

TEST(Arena, OfALargeRegionStaysInsideItAtEachOffsetAndSize) {
  ExpectThatNothingOutsideIsWritten(kLargeGeometry, 60 * kKiB, 140 * kKiB, 4099);
}

TEST(Arena, ARegionAtTheEndOfTheAddressSpaceOrOfNoBytesIsRefused) {
  Ground ground(64 * kKiB);
  EXPECT_EQ(Arena::CreateInRegion(ground.At(0), 0, kTinyGeometry, Backing()), nullptr);
  EXPECT_EQ(Arena::CreateInRegion(ground.At(0), SIZE_MAX, kTinyGeometry, Backing()), nullptr);
  EXPECT_TRUE(ground.IsIntactAround(0, 0));
}

TEST(Arena, ARegionOfMorePagesThanAnEntryCanCountIsRefusedAndNotTouched) {
  Ground ground(64 * kKiB);
  const std::size_t most = std::size_t{PageRuns::kMaxPages} << kTinyGeometry.page_shift;
  EXPECT_EQ(Arena::CreateInRegion(ground.At(0), most + 4 * kKiB, kTinyGeometry, Backing()),
            nullptr);
  EXPECT_TRUE(ground.IsIntactAround(0, 0));
}

TEST(Arena, TheTablesOfAReservedRangeCommitThePagesThatTheyNeed) {
  constexpr std::size_t kBytes = 64 * 1024 * kKiB;
  const std::unique_ptr<void, void (*)(void*)> range(std::calloc(kBytes + kKiB * kKiB, 1),
                                                     std::free);
  ASSERT_NE(range, nullptr);
  Backing backing;
  // A system that is short of memory: a whole MiB is too much for it.
  backing.commit = [](void*, std::size_t n) { return n <= 768 * kKiB; };
  Arena arena;
  void* start = PointerTo(RoundUp(AddressOf(range.get()), kKiB * kKiB));
  ASSERT_TRUE(arena.InitializeReserved(start, kBytes, kLargeGeometry, backing));
  bool zeroed;
  EXPECT_NE(arena.runs(Arena::Part::kTables).Take(4, 1, PageRuns::State::kInternal, &zeroed), 0u);
  EXPECT_NE(arena.runs(Arena::Part::kSlabs).Take(4, 1, PageRuns::State::kInternal, &zeroed), 0u);
}

TEST(Arena, UnitsAndAddressesAreFoundFromEachOther) {
  Ground ground(512 * kKiB);
  Arena* arena = Arena::CreateInRegion(ground.At(1000), 300 * kKiB, kLargeGeometry, Backing());
  ASSERT_NE(arena, nullptr);
  for (std::size_t unit = 0; unit < arena->units(); ++unit) {
    const std::uintptr_t address = arena->AddressOfUnit(unit);
    EXPECT_EQ(arena->UnitOf(address), unit);
    EXPECT_EQ(arena->UnitOf(address + kLargeGeometry.unit_bytes() - 1), unit);
    EXPECT_TRUE(arena->HasUnit(address));
  }
  EXPECT_FALSE(arena->HasUnit(arena->AddressOfUnit(arena->units())));
  EXPECT_FALSE(arena->HasUnit(arena->base() - 1));
  EXPECT_FALSE(arena->Contains(arena->start() - 1));
  EXPECT_TRUE(arena->Contains(arena->start() + 300 * kKiB - 1));
  EXPECT_FALSE(arena->Contains(arena->start() + 300 * kKiB));
}

TEST(Arena, OverlapsWhereAByteIsShared) {
  Ground ground(512 * kKiB);
  Arena* arena =
      Arena::CreateInRegion(ground.At(100 * kKiB), 200 * kKiB, kSmallGeometry, Backing());
  ASSERT_NE(arena, nullptr);
  const std::uintptr_t start = arena->start();
  EXPECT_FALSE(arena->Overlaps(start - 10, 10));
  EXPECT_TRUE(arena->Overlaps(start - 10, 11));
  EXPECT_TRUE(arena->Overlaps(start + 5, 1));
  EXPECT_TRUE(arena->Overlaps(start - 10, 300 * kKiB));
  EXPECT_TRUE(arena->Overlaps(start + 200 * kKiB - 1, 5));
  EXPECT_FALSE(arena->Overlaps(start + 200 * kKiB, 5));
}

TEST(Arena, NoSlabBeginsAtOrAboveTheUnitsInUse) {
  Ground ground(2 * 512 * kKiB);
  Arena* arena = Arena::CreateInRegion(ground.At(0), 800 * kKiB, kLargeGeometry, Backing());
  ASSERT_NE(arena, nullptr);
  PageRuns& runs = arena->runs(Arena::Part::kSlabs);
  bool zeroed;
  for (int i = 0; i < 20; ++i) {
    const std::size_t bytes = kLargeGeometry.unit_bytes();
    const std::uint32_t page =
        runs.Take(runs.PagesFor(bytes), bytes, PageRuns::State::kInternal, &zeroed);
    ASSERT_NE(page, 0u);
    ASSERT_LT(arena->UnitOf(runs.AddressOfPage(page)), arena->units_in_use());
  }
  EXPECT_LE(arena->units_in_use(), arena->units());
}

}  // namespace
}  // namespace ashlar::internal
