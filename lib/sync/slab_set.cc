#include "ashlar/internal/sync/slab_set.h"
