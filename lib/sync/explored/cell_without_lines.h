// cell_without_lines.h - cell.h as tables and reports of the explorer should see it: not at all.
//
// A place in the source is where the order is written, in a noun of the layer; Cell only hands it
// on. clang leaves the lines of such functions out, so that what is inlined bears its caller's. To
// be included before any header of the layer; with another compiler the places are those in cell.h.
#ifndef ASHLAR_LIB_SYNC_EXPLORED_CELL_WITHOUT_LINES_H_
#define ASHLAR_LIB_SYNC_EXPLORED_CELL_WITHOUT_LINES_H_

#include <atomic>

#include "ashlar/threading_model.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((nodebug)), apply_to = hasType(functionType))
#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)
#endif
#include "ashlar/internal/sync/cell.h"
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute pop
#endif

#endif  // ASHLAR_LIB_SYNC_EXPLORED_CELL_WITHOUT_LINES_H_
