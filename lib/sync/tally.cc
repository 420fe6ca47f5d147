#include "ashlar/internal/sync/tally.h"
