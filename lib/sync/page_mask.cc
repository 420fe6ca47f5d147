#include "ashlar/internal/sync/page_mask.h"
