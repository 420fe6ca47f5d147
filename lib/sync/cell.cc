#include "ashlar/internal/sync/cell.h"
