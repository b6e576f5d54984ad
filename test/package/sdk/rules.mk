# Stand-in for the rules of OpenWrt's SDK, as far as openwrt/ikev2-ts/Makefile uses them: the package's own recipes
# are run with the cross compiler of this machine, and what they install lies in $(DESTDIR).
ARCH := aarch64
INCLUDE_DIR := $(TOPDIR)
PKG_BUILD_DIR := $(DESTDIR).build
CP := cp -fpR
TARGET_CC := aarch64-linux-musl-gcc -mno-outline-atomics -idirafter /usr/aarch64-linux-gnu/include
TARGET_CFLAGS := -Os -pipe
TARGET_LDFLAGS := -s
INSTALL_DIR := install -d -m 0755
INSTALL_BIN := install -m 0755
INSTALL_DATA := install -m 0644
INSTALL_CONF := install -m 0600

define BuildPackage
default:
	$$(Build/Prepare)
	$$(Build/Compile)
	$$(call Package/$(1)/install,$$(DESTDIR))
about:
	@echo '$$(PKG_NAME) $$(PKG_VERSION)-r$$(PKG_RELEASE)'
	@echo '$$(strip $$(Package/$(1)/conffiles))'
$$(DESTDIR).postrm:
	$$(file >$$@,$$(Package/$(1)/postrm))
endef
