#include "ashlar/internal/base/configuration.h"
