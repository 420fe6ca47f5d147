#include "stress/explorer/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress/explorer/image.h"
#include "stress/explorer/tables.h"

namespace ashlar::explorer {
namespace {

constexpr std::uint32_t kMaxKept = 1 << 14;

struct Kept {
  std::uint32_t pc;
  Symbol symbol;
};
Kept* g_kept;

Kept& KeptAt(std::uint32_t pc) {
  if (g_kept == nullptr) g_kept = NewTable<Kept>(kMaxKept);
  std::uint32_t hash = (pc * 0x9E3779B1U) % kMaxKept;
  while (g_kept[hash].pc != 0 && g_kept[hash].pc != pc) hash = (hash + 1) % kMaxKept;
  return g_kept[hash];
}

// Cuts what does not fit.
void SetText(char* to, std::size_t size, const char* text) {
  const std::size_t length = strnlen(text, size - 1);
  memcpy(to, text, length);
  to[length] = '\0';
}

bool IsStandardLibrary(const char* place) {
  return strstr(place, "/c++/") != nullptr || strstr(place, "/bits/") != nullptr;
}

// Without what stands before the part that a reader knows: the workspace's folders.
const char* Shortened(const char* place) {
  static const char* const kBeginnings[] = {"/execroot/", "/proc/self/cwd/"};
  for (const char* beginning : kBeginnings) {
    const char* found = strstr(place, beginning);
    if (found == nullptr) continue;
    found += strlen(beginning);
    if (strcmp(beginning, "/execroot/") == 0) {
      const char* slash = strchr(found, '/');  // the workspace's name
      if (slash != nullptr) found = slash + 1;
    }
    place = found;
    break;
  }
  const char* include = strstr(place, "/include/");
  if (place[0] == '/' && include != nullptr) return include + 9;  // of the system
  return strncmp(place, "./", 2) == 0 ? place + 2 : place;
}

// Reads the frames of one address, innermost first, up to the empty line.
bool ReadFrames(FILE* from, Symbol* symbol) {
  char function[2048];
  char place[2048];
  bool have = false;
  bool any = false;
  while (fgets(function, sizeof function, from) != nullptr) {
    if (function[0] == '\n') return true;
    if (fgets(place, sizeof place, from) == nullptr) return any;
    any = true;
    function[strcspn(function, "\n")] = '\0';
    place[strcspn(place, "\n")] = '\0';
    SetText(symbol->outer, sizeof symbol->outer, function);
    if (have) continue;
    have = !IsStandardLibrary(place);
    SetText(symbol->place, sizeof symbol->place, Shortened(place));
    SetText(symbol->function, sizeof symbol->function, function);
  }
  return any;
}

const char* Symbolizer() {
  static const char* const kCandidates[] = {"/usr/bin/llvm-symbolizer-19", "/usr/bin/llvm-symbolizer"};
  for (const char* candidate : kCandidates) {
    if (access(candidate, X_OK) == 0) return candidate;
  }
  return "llvm-symbolizer";
}

void LookUpMissing(const std::uint32_t* pcs, std::uint32_t count) {
  char name[] = "/tmp/ashlar-symbols-XXXXXX";
  const int file = mkstemp(name);
  if (file < 0) return;
  FILE* to = fdopen(file, "w");
  // The call itself, not what comes after it.
  for (std::uint32_t i = 0; i < count; ++i) fprintf(to, "0x%x\n", pcs[i] - 1);
  fclose(to);
  char command[1024];
  snprintf(command, sizeof command, "%s --inlines --demangle --obj=%s < %s 2>/dev/null", Symbolizer(),
           g_image.path, name);
  FILE* from = popen(command, "r");
  for (std::uint32_t i = 0; from != nullptr && i < count; ++i) {
    if (!ReadFrames(from, &KeptAt(pcs[i]).symbol)) break;
  }
  if (from != nullptr) pclose(from);
  unlink(name);
}

}  // namespace

void LookUp(const std::uint32_t* pcs, std::uint32_t count, Symbol* symbols) {
  auto* missing = static_cast<std::uint32_t*>(malloc(count * sizeof(std::uint32_t) + 1));
  std::uint32_t missing_count = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (pcs[i] == 0 || KeptAt(pcs[i]).pc != 0) continue;
    Kept& kept = KeptAt(pcs[i]);
    kept.pc = pcs[i];
    SetText(kept.symbol.place, sizeof kept.symbol.place, "?");
    missing[missing_count++] = pcs[i];
  }
  if (missing_count > 0) LookUpMissing(missing, missing_count);
  free(missing);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (pcs[i] != 0) {
      symbols[i] = KeptAt(pcs[i]).symbol;
    } else {
      symbols[i] = {"?", "", ""};
    }
  }
}

}  // namespace ashlar::explorer
