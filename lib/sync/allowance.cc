#include "ashlar/internal/sync/allowance.h"
