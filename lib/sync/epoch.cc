#include "ashlar/internal/sync/epoch.h"
