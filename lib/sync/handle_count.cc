#include "ashlar/internal/sync/handle_count.h"
