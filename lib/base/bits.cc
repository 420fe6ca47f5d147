#include "ashlar/internal/base/bits.h"
