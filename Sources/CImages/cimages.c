#include "cimages.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

// Scans of a progressive JPEG: a small file can ask for thousands, each as much work as a whole image.
enum { GREATEST_SCANS = 100 };

cimages_format cimages_recognise(const uint8_t *bytes, size_t count) {
    if (count >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) return CIMAGES_PNG;
    if (count >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF) return CIMAGES_JPEG;
    return CIMAGES_OTHER;
}

static void say(cimages_image *image, const char *text) {
    snprintf(image->message, sizeof image->message, "%s", text);
}

// Notes the size and asks for memory; 1, 0 or -1 as cimages_decode.
static int allocate(cimages_image *image, uint32_t height, uint32_t width, int channels, uint64_t limit) {
    image->height = height;
    image->width = width;
    if (height == 0 || width == 0) {
        say(image, "the image has no pixels");
        return 0;
    }
    if ((uint64_t)height * width > limit) return -1;
    image->pixels = malloc((size_t)height * width * (size_t)channels);
    if (image->pixels == NULL) {
        say(image, "not enough memory");
        return 0;
    }
    return 1;
}

// libpng's simplified interface keeps its errors to itself.
static int decode_png(const uint8_t *bytes, size_t count, int channels, uint64_t limit, cimages_image *image) {
    png_image png;
    memset(&png, 0, sizeof png);
    png.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&png, bytes, count)) {
        say(image, png.message);
        return 0;
    }
    png.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    int result = allocate(image, png.height, png.width, channels, limit);
    if (result != 1) {
        png_image_free(&png);
        return result;
    }
    png_color black = {0, 0, 0};
    if (!png_image_finish_read(&png, &black, image->pixels, 0, NULL)) {
        say(image, png.message);
        return 0;
    }
    return 1;
}

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    cimages_image *image;
} jpeg_errors;

static void jpeg_failed(j_common_ptr info) {
    jpeg_errors *errors = (jpeg_errors *)info->err;
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    say(errors->image, text);
    longjmp(errors->escape, 1);
}

// A warning means that pixels were made up (data ends early, codes are wrong), so it is an error here; but for those about
// what stands between or before the pixels.
static void jpeg_warned(j_common_ptr info, int level) {
    int code = info->err->msg_code;
    if (level >= 0 || code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR) return;
    jpeg_failed(info);
}

static void jpeg_silent(j_common_ptr info) { (void)info; }

static void jpeg_progress(j_common_ptr info) {
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > GREATEST_SCANS) {
        jpeg_errors *errors = (jpeg_errors *)info->err;
        say(errors->image, "the image has too many scans");
        longjmp(errors->escape, 1);
    }
}

static int decode_jpeg(const uint8_t *bytes, size_t count, int channels, uint64_t limit, cimages_image *image) {
    struct jpeg_decompress_struct info;
    struct jpeg_progress_mgr progress;
    jpeg_errors errors;
    // Read after a longjmp, so it must not live in a register.
    volatile int result = 0;
    memset(&info, 0, sizeof info);
    memset(&progress, 0, sizeof progress);
    errors.image = image;
    info.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = jpeg_failed;
    errors.base.emit_message = jpeg_warned;
    errors.base.output_message = jpeg_silent;
    if (setjmp(errors.escape)) {
        jpeg_destroy_decompress(&info);
        return result < 0 ? result : 0;
    }
    jpeg_create_decompress(&info);
    progress.progress_monitor = jpeg_progress;
    info.progress = &progress;
    jpeg_mem_src(&info, bytes, (unsigned long)count);
    jpeg_read_header(&info, TRUE);
    // Before jpeg_start_decompress, which asks for memory by these sizes.
    result = allocate(image, info.image_height, info.image_width, channels, limit);
    if (result != 1) {
        jpeg_destroy_decompress(&info);
        return result;
    }
    info.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    // The exact integer transform: the same pixels from every build of the library.
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = image->pixels + (size_t)info.output_scanline * info.output_width * (size_t)channels;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    return 1;
}

int cimages_decode(const uint8_t *bytes, size_t count, int channels, uint64_t pixel_limit, cimages_image *image) {
    memset(image, 0, sizeof *image);
    int result = 0;
    if (channels != 1 && channels != 3) {
        say(image, "1 or 3 channels can be had");
        return 0;
    }
    switch (cimages_recognise(bytes, count)) {
    case CIMAGES_PNG: result = decode_png(bytes, count, channels, pixel_limit, image); break;
    case CIMAGES_JPEG: result = decode_jpeg(bytes, count, channels, pixel_limit, image); break;
    default: say(image, "neither PNG nor JPEG"); break;
    }
    if (result != 1) cimages_free(image);
    return result;
}

void cimages_free(cimages_image *image) {
    free(image->pixels);
    image->pixels = NULL;
}
