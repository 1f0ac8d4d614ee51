/* The optional parts of the library, as it was built. */
#include "core/built_with.h"
#include "core/internal.h"

/* True if the build defines the macro, as -DNAME does: its text is then "1", and otherwise its name. */
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)
#define IS_DEFINED(name) (sizeof TEXT(name) == sizeof "1")

static const wg_feature features[] = {
    {"simd", "kernels for AVX2 and AVX-512, among which the processor decides", IS_DEFINED(WG_SIMD),
     "ops run portable kernels, which take 1.5 (sum) to 7 times (gelu) as long as those for AVX-512; build with -Dsimd=true"},
    {"zlib", "reading files compressed by gzip, NumPy's archives", IS_DEFINED(WG_ZLIB),
     "files compressed by gzip and .npz archives are not read: install zlib1g-dev and build again"},
    {"jansson", "reading graphs from JSON, model files", IS_DEFINED(WG_JANSSON),
     "graphs are written as JSON and not read: install libjansson-dev and build again"},
    {"libpng", "reading images in PNG files", IS_DEFINED(WG_PNG),
     "wg_dataset_read_png and wg_dataset_read_folder fail: install libpng-dev and build again"},
    {"tensorboard", "logs of training for TensorBoard, by protobuf-c", IS_DEFINED(WG_TENSORBOARD),
     "wg_train_log_tensorboard fails: install libprotobuf-c-dev and protobuf-c-compiler and build again"},
};

const wg_feature *wg_feature_at(size_t index)
{
    return index < sizeof features / sizeof *features ? &features[index] : NULL;
}
