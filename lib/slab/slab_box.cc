#include "ashlar/slab_box.h"
