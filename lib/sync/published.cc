#include "ashlar/internal/sync/published.h"
