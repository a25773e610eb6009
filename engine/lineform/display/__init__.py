"""Pictures of messages and rich menus: LINE's JSON to escaped HTML, and a menu's layout to an image."""
