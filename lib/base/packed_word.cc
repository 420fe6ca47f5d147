#include "ashlar/internal/base/packed_word.h"
