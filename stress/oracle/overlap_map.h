// overlap_map.h - which bytes of the address space belong to a live block.
//
//   a region of 1 MiB           one flag: wholly inside one block
//     its 256 pages of 4 KiB    one flag each: wholly inside one block
//       its bytes               one bit each
//
// A block claims the largest of these that it covers. Each claim is one atomic exchange or
// fetch_or; whoever finds what it claims taken already has found an overlap.
//
// A small claim sets its bits and then looks at the flags above; a large one sets its flag and
// then looks at all below. So of two claims that follow each other the second sees the first, and
// of two at the same time at least one sees the other, but for the small chance that a processor
// other than x86 reorders them.
//
// Order: Claim() stands after the allocator answered, Release() before the block is given back. If
// the allocator orders a free before the next allocation of the same bytes, as it must, then the
// second claim finds the first one released, by coherence alone. So all accesses are relaxed, and
// they have to be: an edge from Release() to Claim() would hide from the race detector that the
// allocator lacks one of its own.
//
// Lock-free. Reaches kReachBytes of address space, in regions that blocks have ever touched. Its
// own memory is resident as soon as it is mapped, and counted.
#ifndef ASHLAR_STRESS_ORACLE_OVERLAP_MAP_H_
#define ASHLAR_STRESS_ORACLE_OVERLAP_MAP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ashlar::stress {

class OverlapMap {
 public:
  static constexpr std::uint64_t kReachBytes = std::uint64_t{256} << 30;

  enum class Answer {
    kYes,
    kNo,       // Claim: some byte is taken. Release: some byte is not.
    kTooMuch,  // beyond what the map can reach; it is good for nothing any more
  };

  OverlapMap();
  OverlapMap(const OverlapMap&) = delete;
  OverlapMap& operator=(const OverlapMap&) = delete;
  ~OverlapMap();

  // O(bytes / 64) up to two pages, then O(pages). `size_bytes` of 0 claims one byte.
  [[nodiscard]] Answer Claim(const void* start, std::size_t size_bytes);
  [[nodiscard]] Answer Release(const void* start, std::size_t size_bytes);

  // Resident memory of the map itself.
  [[nodiscard]] std::size_t FootprintBytes() const {
    // relaxed: a count, nothing follows from it.
    return footprint_bytes_.load(std::memory_order_relaxed);
  }

 private:
  struct Region;
  struct Entry {
    std::atomic<std::uint64_t> key;  // region number + 1; 0: free
    std::atomic<bool> is_whole;
    std::atomic<Region*> region;
  };

  // The entry of a region, made if need be; null when the table is full.
  Entry* FindEntry(std::uint64_t number);
  Region* FindRegion(Entry& entry);

  template <typename EditWhole, typename EditPart>
  Answer ForEachRegion(const void* start, std::size_t size_bytes, const EditWhole& edit_whole,
                       const EditPart& edit_part);

  // [begin, end) are offsets in the region.
  static bool ClaimWhole(Entry& entry);
  static bool ReleaseWhole(Entry& entry);
  static bool ClaimIn(Entry& entry, std::size_t begin, std::size_t end);
  static bool ReleaseIn(Entry& entry, std::size_t begin, std::size_t end);

  Entry* table_;
  std::atomic<std::size_t> footprint_bytes_;
};

}  // namespace ashlar::stress

#endif  // ASHLAR_STRESS_ORACLE_OVERLAP_MAP_H_
