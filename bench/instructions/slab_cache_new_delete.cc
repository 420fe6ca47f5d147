// What New and Delete of a 64-byte object through a shared handle cost together.
#include "ashlar/slab_cache.h"
#include "bench/instructions/counted_loop.h"

namespace {

struct Object {
  Object() {}  // writes nothing: what it would write is not the cache's cost
  unsigned char bytes[64];
};

}  // namespace

int main(int argc, char** argv) {
  ashlar::SlabCache<Object> cache;
  const ashlar::SlabCache<Object> other_handle = cache;
  return ashlar::bench::CountedMain(argc, argv, [&cache] {
    Object* object = cache.New();
    // The object escapes, so that the pair cannot be left out.
    asm volatile("" : : "r"(object) : "memory");
    cache.Delete(object);
  });
}
