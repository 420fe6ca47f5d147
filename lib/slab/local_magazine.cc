#include "ashlar/internal/slab/local_magazine.h"
