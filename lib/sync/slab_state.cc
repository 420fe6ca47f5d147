#include "ashlar/internal/sync/slab_state.h"
