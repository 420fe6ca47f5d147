#include "ashlar/internal/slab/slot_geometry.h"
