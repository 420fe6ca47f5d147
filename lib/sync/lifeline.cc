#include "ashlar/internal/sync/lifeline.h"
