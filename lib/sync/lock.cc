#include "ashlar/internal/sync/lock.h"
