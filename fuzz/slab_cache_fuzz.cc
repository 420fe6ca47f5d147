// slab_cache_fuzz.cc - any sequence of calls of a SlabCache over a region of the caller's, through
// any number of handles.
//
// After every call the statistics add up; objects never overlap; "none left" is said only when none
// is left; and when the last handle and the last object have gone, in whatever order, the region is
// the caller's again.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "ashlar/slab_cache.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace ashlar::fuzz {
namespace {

constexpr std::size_t kRegionBytes[] = {40u << 10, 200u << 10, 1u << 20};
alignas(64) std::byte g_region[1u << 20];

struct Object {
  explicit Object(std::size_t mark) { marks.fill(mark); }
  [[nodiscard]] bool HasOnly(std::size_t mark) const {
    return std::all_of(marks.begin(), marks.end(), [&](std::size_t m) { return m == mark; });
  }

  std::array<std::size_t, 25> marks;  // 200 bytes
};

// A cache, by its handles, and its objects; each object is known by its mark.
class State {
 public:
  State(std::size_t region_bytes, const SlabCacheOptions& options)
      : region_(g_region, region_bytes) {
    Check(region_.status() == AddStatus::kAdded, "the region is taken");
    handles_.emplace_back(region_, options);
  }

  void New() {
    const SlabCacheStatistics before = handles_[0].Statistics();
    ++next_mark_;
    Object* object = handles_[next_mark_ % handles_.size()].New(next_mark_);
    if (object != nullptr) {
      objects_.emplace_back(object, next_mark_);
    } else {
      Check(before.cached_objects == 0 && before.free_objects == 0, "none is left");
    }
  }

  void Delete(std::size_t index) { handles_[index % handles_.size()].Delete(Leave(index)); }
  void DeleteAnywhere(std::size_t index) { SlabCache<Object>::DeleteAnywhere(Leave(index)); }

  void CopyHandle() { handles_.push_back(SlabCache<Object>(handles_.back())); }
  void DropHandle() {
    if (handles_.size() > 1) handles_.pop_back();
  }

  void Reserve(std::size_t objects) {
    if (!handles_[0].Reserve(objects)) return;
    Check(handles_[0].Statistics().free_objects >= objects, "what is reserved is free");
  }
  void Trim() { handles_[0].Trim(); }

  void CheckInvariants() {
    const SlabCacheStatistics statistics = handles_[0].Statistics();
    Check(statistics.live_objects == objects_.size(), "live objects are those not deleted");
    Check(statistics.live_objects + statistics.cached_objects + statistics.free_objects ==
              statistics.slabs * statistics.slots_per_slab,
          "live + cached + free = all slots");
    Check(statistics.live_objects <= statistics.max_objects, "no more objects than allowed");
  }

  void EndWithObjectsLast() {
    handles_.clear();
    while (!objects_.empty()) DeleteAnywhere(objects_.size() / 2);
    CheckIdle();
  }
  void EndWithHandlesLast() {
    while (!objects_.empty()) Delete(objects_.size() / 2);
    handles_.clear();
    CheckIdle();
  }

  [[nodiscard]] bool IsEmpty() const { return objects_.empty(); }

 private:
  Object* Leave(std::size_t index) {
    const auto place = objects_.begin() + static_cast<std::ptrdiff_t>(index % objects_.size());
    const auto [object, mark] = *place;
    objects_.erase(place);
    Check(object->HasOnly(mark), "an object keeps its bytes");
    return object;
  }
  void CheckIdle() {
    Check(region_.IsIdle(), "without handle and object the region is the caller's again");
  }

  FixedRegion region_;
  std::vector<SlabCache<Object>> handles_;
  std::vector<std::pair<Object*, std::size_t>> objects_;
  std::size_t next_mark_ = 0;
};

void Step(FuzzInput& input, State& state) {
  const std::size_t verb = input.Below(16);
  if (verb < 6 || state.IsEmpty()) {
    for (std::size_t n = 1 + input.Byte(); n > 0; --n) state.New();
    return;
  }
  if (verb < 10) {
    for (std::size_t n = 1 + input.Byte(); n > 0 && !state.IsEmpty(); --n) state.Delete(n * verb);
    return;
  }
  if (verb < 12) return state.DeleteAnywhere(input.Byte());
  if (verb == 12) return state.CopyHandle();
  if (verb == 13) return state.DropHandle();
  if (verb == 14) return state.Reserve(input.Byte());
  state.Trim();
}

}  // namespace
}  // namespace ashlar::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  using namespace ashlar;
  using namespace ashlar::fuzz;
  FuzzInput input({data, size_bytes});
  SlabCacheOptions options;
  if (const std::size_t slabs = input.Below(8); slabs != 0) options.max_bytes = slabs << 14;
  options.keep_empty_slabs = input.Below(3);
  options.magazine_slots = input.Below(63);
  State state(kRegionBytes[input.Below(std::size(kRegionBytes))], options);
  const bool objects_last = input.Below(2) == 0;
  while (!input.IsAtEnd()) {
    Step(input, state);
    state.CheckInvariants();
  }
  if (objects_last) {
    state.EndWithObjectsLast();
  } else {
    state.EndWithHandlesLast();
  }
  return 0;
}
