// slab_cache_threads_fuzz.cc - a SlabCache over a small region, used by up to three threads at once,
// which copy and drop handles as they go.
//
// An object knows its maker by a plain number, so that a race on it is two owners of one slot. When
// the last handle and the last object have gone, in whatever order, the region is the caller's.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/fixed_region.h"
#include "ashlar/slab_cache.h"
#include "fuzz/run_program.h"

namespace ashlar::fuzz {
namespace {

constexpr std::size_t kPlaces = 4;
alignas(4096) std::byte g_region[32u << 10];
alignas(4096) std::byte g_other_region[16u << 10];

struct Object {
  explicit Object(unsigned thread) : maker(thread) {}
  unsigned maker;
  std::byte rest[1024 - sizeof(unsigned)];
};
using Cache = SlabCache<Object>;

using Places = std::atomic<Object*>[kPlaces];

// What one thread has and does.
class Worker {
 public:
  Worker(unsigned thread, Cache cache, Places& places)
      : thread_(thread), cache_(std::move(cache)), places_(places) {}

  void Do(const Operation& operation) {
    Object*& mine = mine_[operation.a % kPlaces];
    std::atomic<Object*>& place = places_[operation.b % kPlaces];
    switch (operation.verb) {
      case 0:
      case 1:
      case 2:
        Delete(mine);
        mine = cache_.New(thread_);  // null in a full region
        break;
      case 3:
        Delete(mine);
        break;
      case 4:  // release: what the object is. acquire: what the one is that was there.
        mine = place.exchange(mine, std::memory_order_acq_rel);
        break;
      case 5: {
        Object* found = place.exchange(nullptr, std::memory_order_acquire);
        Delete(found);
        break;
      }
      case 6:
        if (other_) {
          other_.reset();
        } else {
          other_.emplace(cache_);
        }
        break;
      default:
        cache_.Trim();
    }
  }

  void DeleteAll() {
    for (Object*& object : mine_) Delete(object);
  }

 private:
  void Delete(Object*& object) {
    if (object == nullptr) return;
    ASHLAR_FUZZ_CHECK(object->maker < Program::kMostThreads);
    object->maker = 1000;
    cache_.Delete(object);
    object = nullptr;
  }

  const unsigned thread_;
  Cache cache_;
  std::optional<Cache> other_;
  Places& places_;
  Object* mine_[kPlaces] = {};
};

}  // namespace

void RunProgram(const Program& program) {
  constexpr std::size_t kMagazineSlots[] = {0, 1, 4};
  FixedRegion region(g_region, sizeof g_region);
  ASHLAR_FUZZ_CHECK(region.status() == AddStatus::kAdded);
  Places places = {};
  const SlabCacheOptions options{.keep_empty_slabs = 0,
                                 .magazine_slots = kMagazineSlots[program.operations.size() % 3]};
  {
    std::optional<Cache> cache(std::in_place, region, options);
    const auto work = [&](unsigned thread, Cache mine) {
      Worker worker(thread, std::move(mine), places);
      for (const Operation& operation : program.operations) {
        if (operation.thread == thread) worker.Do(operation);
      }
      worker.DeleteAll();
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < program.threads; ++i) threads.emplace_back(work, i, *cache);
    Cache own = *cache;
    cache.reset();
    work(0, std::move(own));
    for (std::thread& thread : threads) thread.join();
  }
  // Objects outlive every handle.
  for (std::atomic<Object*>& place : places) {
    Object* object = place.load(std::memory_order_relaxed);  // all threads are joined
    if (object != nullptr) Cache::DeleteAnywhere(object);
  }
  // Another thread may have been the last, while a magazine of this one had slots of the cache: they
  // come home as this one enters a slow path.
  FixedRegion other_region(g_other_region, sizeof g_other_region);
  Cache other(other_region, {.magazine_slots = 0});
  other.Delete(other.New(0u));
  ASHLAR_FUZZ_CHECK(region.IsIdle());
}

}  // namespace ashlar::fuzz
