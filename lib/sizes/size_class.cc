#include "ashlar/internal/sizes/size_class.h"
