// pages.h - address space and pages, as the operating system gives them.
//
// All functions are thread-safe, keep errno, and answer failure by null or false; none allocates.
// Sizes and addresses are multiples of PageSize() unless a comment says otherwise.
#ifndef ASHLAR_INTERNAL_OS_PAGES_H_
#define ASHLAR_INTERNAL_OS_PAGES_H_

#include <cstddef>

namespace ashlar::internal::os {

// Bytes of a page, asked once from the system. A power of two.
[[nodiscard]] std::size_t PageSize() noexcept;

// Reserves address space that may not be touched until it is committed; aligned to `alignment`, a
// power of two. Null when the limit on address space or the system refuses.
[[nodiscard]] void* Reserve(std::size_t size_bytes, std::size_t alignment) noexcept;

// The most that Reserve() can be expected to grant: the limit on address space (RLIMIT_AS), or
// SIZE_MAX where there is none.
[[nodiscard]] std::size_t AddressSpaceLimit() noexcept;

// Makes reserved pages usable; they read as zero. False when the system has no memory for them.
[[nodiscard]] bool Commit(void* start, std::size_t size_bytes) noexcept;

// Gives the memory behind committed pages back; they stay usable and read as zero.
// False (and nothing changed) when the system refuses, as for locked pages.
bool Purge(void* start, std::size_t size_bytes) noexcept;

// Ends a reservation, or part of one.
void Unreserve(void* start, std::size_t size_bytes) noexcept;

// Usable, zeroed pages in one step; aligned to a page. Null when there are none.
[[nodiscard]] void* Map(std::size_t size_bytes) noexcept;
void Unmap(void* start, std::size_t size_bytes) noexcept;

// Asks for huge pages behind [start, start + size_bytes), any alignment: a wish, not a promise.
void AdviseHugePages(void* start, std::size_t size_bytes) noexcept;

// Asks for none, for tables that are touched here and there.
void AdviseSmallPages(void* start, std::size_t size_bytes) noexcept;

// Moves the memory behind committed pages to other committed pages, without copying: `to` has the
// bytes, `from` reads as zero. False (and nothing changed) where the system cannot.
[[nodiscard]] bool MovePages(void* from, void* to, std::size_t size_bytes) noexcept;

}  // namespace ashlar::internal::os

#endif  // ASHLAR_INTERNAL_OS_PAGES_H_
