#include "ashlar/threading_model.h"
