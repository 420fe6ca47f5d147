#include "stress/explorer/image.h"

#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stress/explorer/real.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {

Image g_image;

namespace {

void ReadProgram(const dl_phdr_info& object) {
  g_image.base = object.dlpi_addr;
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const auto& part = object.dlpi_phdr[i];
    const std::uintptr_t start = object.dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && (part.p_flags & PF_W) != 0) {
      g_image.data = start & ~std::uintptr_t{63};
      g_image.data_bytes = ((start + part.p_memsz + 63) & ~std::uintptr_t{63}) - g_image.data;
    }
    if (part.p_type == PT_TLS) {
      g_image.thread_locals = reinterpret_cast<const void*>(start);
      g_image.initialized_bytes = part.p_filesz;
      g_image.thread_locals_bytes = part.p_memsz;
      g_image.thread_locals_offset = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer()) -
                                     reinterpret_cast<std::uintptr_t>(object.dlpi_tls_data);
    }
  }
}

int Visit(dl_phdr_info* object, std::size_t, void* is_first) {
  if (*static_cast<bool*>(is_first)) ReadProgram(*object);
  *static_cast<bool*>(is_first) = false;
  if (strstr(object->dlpi_name, "/libc.so") == nullptr) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    g_image.libc_code = object->dlpi_addr + part.p_vaddr;
    g_image.libc_code_bytes = part.p_memsz;
  }
  return 0;
}

}  // namespace

void InitializeImage() {
  bool is_first = true;
  dl_iterate_phdr(Visit, &is_first);
  const ssize_t length = readlink("/proc/self/exe", g_image.path, sizeof g_image.path - 1);
  if (length > 0) g_image.path[length] = '\0';
}

void RestoreThreadLocals(std::uintptr_t thread_pointer) {
  char* start = reinterpret_cast<char*>(thread_pointer - g_image.thread_locals_offset);
  memcpy(start, g_image.thread_locals, g_image.initialized_bytes);
  memset(start + g_image.initialized_bytes, 0,
         g_image.thread_locals_bytes - g_image.initialized_bytes);
}

void* ReserveTable(std::uintptr_t address, std::size_t size_bytes) {
  const long result = RealSyscall(
      SYS_mmap, address, size_bytes, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (address != 0 ? MAP_FIXED_NOREPLACE : 0), -1, 0);
  if (result < 0 && result > -4096) {
    fprintf(stderr, "explorer: no %zu bytes of address space at 0x%zx: %s\n", size_bytes, address,
            strerror(static_cast<int>(-result)));
    _exit(3);
  }
  return reinterpret_cast<void*>(result);
}

}  // namespace ashlar::explorer
