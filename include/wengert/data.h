/* Data: reading it, datasets and what is made of them, mini-batches, synthetic sets. This header includes the chapters. */
#ifndef WENGERT_DATA_H
#define WENGERT_DATA_H

#include "data/batches.h"
#include "data/dataset.h"
#include "data/read.h"
#include "data/split.h"
#include "data/synthetic.h"

#endif
