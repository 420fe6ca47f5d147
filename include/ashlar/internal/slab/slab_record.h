// slab_record.h - what is known about one slab, outside of it.
//
// Writers   state, words: anyone, atomically. pool, size_class: the thread that makes the slab,
//           before SlabState::Publish(); read by who holds a slot of it. purged: who holds the
//           slots there.
#ifndef ASHLAR_INTERNAL_SLAB_SLAB_RECORD_H_
#define ASHLAR_INTERNAL_SLAB_SLAB_RECORD_H_

#include <cstdint>

#include "ashlar/internal/slab/slot_geometry.h"
#include "ashlar/internal/sync/free_word.h"
#include "ashlar/internal/sync/page_mask.h"
#include "ashlar/internal/sync/slab_state.h"
#include "ashlar/threading_model.h"

namespace ashlar::internal {

template <ThreadingModel Model>
class SlabPool;

template <ThreadingModel Model>
struct SlabRecord {
  SlabState<Model> state;
  SlabPool<Model>* pool;
  std::uint32_t size_class;
  PageMask<Model> purged;  // pages of the slab whose memory went back; one bit each

  // The free words, and behind them in checked builds the live marks.
  FreeWord<Model>* Words(const SlotGeometry& geometry, std::uintptr_t slab) {
    void* words = geometry.words_in_slab() ? PointerTo(slab) : static_cast<void*>(this + 1);
    return static_cast<FreeWord<Model>*>(words);
  }
  FreeWord<Model>* LiveMarks(const SlotGeometry& geometry, std::uintptr_t slab) {
    return Words(geometry, slab) + geometry.words;
  }
};
static_assert(sizeof(SlabRecord<Concurrent>) == kSlabRecordHead);

}  // namespace ashlar::internal

#endif  // ASHLAR_INTERNAL_SLAB_SLAB_RECORD_H_
