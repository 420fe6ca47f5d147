// A program with a cache of each thing that a cache can do: its instructions are what a test looks
// at. Built once with the model SingleThreaded and once, to test the test, with Concurrent.
#include <cstddef>

#include "ashlar/fixed_region.h"
#include "ashlar/slab_cache.h"

namespace {

struct Object {
  long words[8];
};

using Model = ashlar::ASHLAR_MODEL;

// Out of line: what is looked for are names.
[[gnu::noinline]] bool UseCacheOfModel(ashlar::BasicFixedRegion<Model>& region) {
  ashlar::SlabCacheOptions options;
  options.keep_empty_slabs = 0;
  ashlar::SlabCache<Object, Model> over_region(region, options);
  ashlar::SlabCache<Object, Model> cache(options);
  const ashlar::SlabCache<Object, Model> other_handle = cache;
  Object* objects[3000];
  for (Object*& object : objects) object = cache.New();
  ashlar::SlabBox<Object, Model> box = over_region.Make();
  for (Object* object : objects) cache.Delete(object);
  box.reset();
  return cache.Reserve(1000) && cache.Trim() > 0 && other_handle.Statistics().live_objects == 0;
}

}  // namespace

int main() {
  static std::byte bytes[1 << 20];
  ashlar::BasicFixedRegion<Model> region(bytes, sizeof bytes);
  const bool is_good = UseCacheOfModel(region);
  return is_good && region.IsIdle() ? 0 : 1;
}
