#include "ashlar/slab_cache.h"
