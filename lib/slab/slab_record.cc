#include "ashlar/internal/slab/slab_record.h"
