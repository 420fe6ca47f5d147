#include "ashlar/internal/span/backing.h"
