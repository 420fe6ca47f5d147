#include "stress/run/worker.h"

#include <algorithm>
#include <optional>

#include "stress/subject/subject.h"

namespace ashlar::stress {

Block Worker::Allocate(const Request& request, std::uint64_t seed) {
  CountCall();
  Block block{.start = static_cast<char*>(Call(request)),
              .size_bytes = request.size_bytes,
              .extent_bytes = request.size_bytes,
              .alignment = request.alignment,
              .seed = seed};
  if (block.start == nullptr) {
    if (request.size_bytes != 0) trial_.WhenNotServed(request.size_bytes, request.alignment);
    return {};
  }
  if (trial_.has_checks()) {
    Welcome(block);
    if (!trial_.IsOver() && request.zeroed) trial_.zero().AfterAllocateZeroed(block);
    if (!trial_.IsOver()) trial_.pattern().AfterAllocate(block);
  }
  lane_.CountBirth(block.size_bytes, block.extent_bytes);
  return block;
}

bool Worker::Reallocate(Block& block, std::size_t new_size_bytes, std::uint64_t new_seed) {
  CountCall();
  if (trial_.has_checks()) {
    Dismiss(block);
    if (trial_.IsOver()) return false;
  }
  Block now = block;
  now.start = static_cast<char*>(trial_.subject().Reallocate(block.start, new_size_bytes));
  now.size_bytes = new_size_bytes;
  now.extent_bytes = new_size_bytes;
  now.alignment = 0;
  now.seed = new_seed;
  if (now.start == nullptr) {
    trial_.WhenNotServed(new_size_bytes, 0);
    if (trial_.has_checks()) {
      trial_.overlap().AfterAllocate(block);
      trial_.pattern().BeforeFree(block);
    }
    return false;
  }
  if (trial_.has_checks()) {
    Welcome(now);
    if (!trial_.IsOver()) trial_.pattern().AfterReallocate(block, now);
  }
  lane_.CountDeath(block.size_bytes, block.extent_bytes);
  lane_.CountBirth(now.size_bytes, now.extent_bytes);
  block = now;
  return true;
}

void Worker::Free(const Block& block) {
  CountCall();
  if (trial_.has_checks()) {
    Dismiss(block);
    if (trial_.IsOver()) return;
  }
  lane_.CountDeath(block.size_bytes, block.extent_bytes);
  trial_.subject().Free(block.start);
}

void Worker::FreeSized(const Block& block) {
  CountCall();
  if (trial_.has_checks()) {
    Dismiss(block);
    if (trial_.IsOver()) return;
  }
  lane_.CountDeath(block.size_bytes, block.extent_bytes);
  trial_.subject().Free(block.start, block.size_bytes, block.alignment);
}

void Worker::FreeNothing() {
  CountCall();
  trial_.subject().Free(nullptr);
}

void* Worker::Call(const Request& request) {
  Subject& subject = trial_.subject();
  if (request.zeroed) return subject.AllocateZeroed(request.size_bytes);
  if (request.alignment != 0) return subject.Allocate(request.size_bytes, request.alignment);
  return subject.Allocate(request.size_bytes);
}

void Worker::Welcome(Block& block) {
  block.extent_bytes = trial_.subject().UsableSize(block.start).value_or(block.size_bytes);
  trial_.usable_size().AfterAllocate(block);
  trial_.alignment().AfterAllocate(block);
  // What the allocator grants beyond a short answer is not to be touched.
  trial_.overlap().AfterAllocate(block);
}

void Worker::Dismiss(const Block& block) {
  if (const std::optional<std::size_t> usable = trial_.subject().UsableSize(block.start)) {
    trial_.usable_size().BeforeFree(block, *usable);
  }
  trial_.pattern().BeforeFree(block);
  trial_.overlap().BeforeFree(block);
}

}  // namespace ashlar::stress
