#include "stress/oracle/overlap_map.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <new>

namespace ashlar::stress {
namespace {

constexpr unsigned kRegionShift = 20;
constexpr std::size_t kRegionBytes = std::size_t{1} << kRegionShift;
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kPagesPerRegion = kRegionBytes / kPageBytes;
constexpr std::size_t kWordBits = 64;
constexpr std::size_t kWordsPerPage = kPageBytes / kWordBits;
constexpr std::size_t kTableEntries = OverlapMap::kReachBytes / kRegionBytes;

static_assert(std::has_single_bit(kTableEntries));
constexpr int kHashShift = 64 - std::countr_zero(kTableEntries);

// Of every flag and bit, see "Order" in the header.
constexpr std::memory_order kUnordered = std::memory_order_relaxed;

void* MapResident(std::size_t size_bytes) {
  void* memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

// The bits of word `word` that [begin, end) covers, all in bits.
std::uint64_t MaskOf(std::size_t word, std::size_t begin, std::size_t end) {
  const std::size_t first = std::max(begin, word * kWordBits) - word * kWordBits;
  const std::size_t last = std::min(end, (word + 1) * kWordBits) - word * kWordBits;
  const std::uint64_t ones = ~std::uint64_t{0};
  return (ones >> (kWordBits - (last - first))) << first;
}

using PageBits = std::atomic<std::uint64_t>[kWordsPerPage];

bool IsClear(const PageBits& bits) {
  return std::all_of(std::begin(bits), std::end(bits),
                     [](const auto& word) { return word.load(kUnordered) == 0; });
}

}  // namespace

struct OverlapMap::Region {
  std::atomic<bool> page_is_whole[kPagesPerRegion];
  PageBits bits[kPagesPerRegion];
};

OverlapMap::OverlapMap() : table_(nullptr), footprint_bytes_(kTableEntries * sizeof(Entry)) {
  void* const memory = MapResident(kTableEntries * sizeof(Entry));
  if (memory == nullptr) throw std::bad_alloc();
  table_ = ::new (memory) Entry[kTableEntries]();
}

OverlapMap::~OverlapMap() {
  for (std::size_t i = 0; i < kTableEntries; ++i) {
    // relaxed: whoever destroys the map is alone with it.
    if (Region* region = table_[i].region.load(std::memory_order_relaxed)) {
      munmap(region, sizeof(Region));
    }
  }
  munmap(table_, kTableEntries * sizeof(Entry));
}

OverlapMap::Entry* OverlapMap::FindEntry(std::uint64_t number) {
  const std::uint64_t key = number + 1;
  // The upper bits of the product, as many as the table has.
  std::size_t i = static_cast<std::size_t>((number * 0x9e3779b97f4a7c15) >> kHashShift);
  for (std::size_t tries = 0; tries < kTableEntries; ++tries) {
    Entry& entry = table_[i];
    // relaxed: an entry's other words are valid from the beginning, whoever claims it.
    std::uint64_t seen = entry.key.load(std::memory_order_relaxed);
    if (seen == 0 && entry.key.compare_exchange_strong(seen, key, std::memory_order_relaxed)) {
      return &entry;
    }
    if (seen == key) return &entry;
    i = (i + 1) % kTableEntries;
  }
  return nullptr;
}

OverlapMap::Region* OverlapMap::FindRegion(Entry& entry) {
  // acquire, with the exchange below: a region's words are made before anyone else looks at them.
  Region* region = entry.region.load(std::memory_order_acquire);
  if (region != nullptr) return region;
  void* memory = MapResident(sizeof(Region));
  if (memory == nullptr) return nullptr;
  Region* const fresh = ::new (memory) Region;
  if (entry.region.compare_exchange_strong(region, fresh, std::memory_order_acq_rel)) {
    // relaxed: a count.
    footprint_bytes_.fetch_add(sizeof(Region), std::memory_order_relaxed);
    return fresh;
  }
  munmap(memory, sizeof(Region));
  return region;
}

template <typename EditWhole, typename EditPart>
OverlapMap::Answer OverlapMap::ForEachRegion(const void* start, std::size_t size_bytes,
                                             const EditWhole& edit_whole,
                                             const EditPart& edit_part) {
  const std::uint64_t begin = reinterpret_cast<std::uintptr_t>(start);
  const std::uint64_t end = begin + std::max(size_bytes, std::size_t{1});
  bool all = true;
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t base = at & ~std::uint64_t{kRegionBytes - 1};
    const std::uint64_t stop = std::min(end, base + kRegionBytes);
    Entry* const entry = FindEntry(base >> kRegionShift);
    const bool is_whole = stop - at == kRegionBytes;
    if (entry == nullptr || (!is_whole && FindRegion(*entry) == nullptr)) return Answer::kTooMuch;
    all &= is_whole ? edit_whole(*entry) : edit_part(*entry, at - base, stop - base);
    at = stop;
  }
  return all ? Answer::kYes : Answer::kNo;
}

OverlapMap::Answer OverlapMap::Claim(const void* start, std::size_t size_bytes) {
  return ForEachRegion(start, size_bytes, ClaimWhole, ClaimIn);
}

OverlapMap::Answer OverlapMap::Release(const void* start, std::size_t size_bytes) {
  return ForEachRegion(start, size_bytes, ReleaseWhole, ReleaseIn);
}

bool OverlapMap::ClaimWhole(Entry& entry) {
  bool is_free = !entry.is_whole.exchange(true, kUnordered);
  const Region* const region = entry.region.load(std::memory_order_acquire);
  if (region == nullptr) return is_free;
  for (std::size_t page = 0; page < kPagesPerRegion; ++page) {
    is_free &= !region->page_is_whole[page].load(kUnordered);
    is_free &= IsClear(region->bits[page]);
  }
  return is_free;
}

bool OverlapMap::ReleaseWhole(Entry& entry) { return entry.is_whole.exchange(false, kUnordered); }

bool OverlapMap::ClaimIn(Entry& entry, std::size_t begin, std::size_t end) {
  Region& region = *entry.region.load(std::memory_order_acquire);
  bool is_free = true;
  for (std::size_t page = begin / kPageBytes; page * kPageBytes < end; ++page) {
    const std::size_t page_begin = std::max(begin, page * kPageBytes) - page * kPageBytes;
    const std::size_t page_end = std::min(end, (page + 1) * kPageBytes) - page * kPageBytes;
    if (page_end - page_begin == kPageBytes) {
      is_free &= !region.page_is_whole[page].exchange(true, kUnordered);
      is_free &= IsClear(region.bits[page]);
    } else {
      for (std::size_t word = page_begin / kWordBits; word * kWordBits < page_end; ++word) {
        const std::uint64_t mask = MaskOf(word, page_begin, page_end);
        is_free &= (region.bits[page][word].fetch_or(mask, kUnordered) & mask) == 0;
      }
      is_free &= !region.page_is_whole[page].load(kUnordered);
    }
  }
  return is_free && !entry.is_whole.load(kUnordered);
}

bool OverlapMap::ReleaseIn(Entry& entry, std::size_t begin, std::size_t end) {
  Region& region = *entry.region.load(std::memory_order_acquire);
  bool was_taken = true;
  for (std::size_t page = begin / kPageBytes; page * kPageBytes < end; ++page) {
    const std::size_t page_begin = std::max(begin, page * kPageBytes) - page * kPageBytes;
    const std::size_t page_end = std::min(end, (page + 1) * kPageBytes) - page * kPageBytes;
    if (page_end - page_begin == kPageBytes) {
      was_taken &= region.page_is_whole[page].exchange(false, kUnordered);
    } else {
      for (std::size_t word = page_begin / kWordBits; word * kWordBits < page_end; ++word) {
        const std::uint64_t mask = MaskOf(word, page_begin, page_end);
        was_taken &= (region.bits[page][word].fetch_and(~mask, kUnordered) & mask) == mask;
      }
    }
  }
  return was_taken;
}

}  // namespace ashlar::stress
